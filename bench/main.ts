/** `npm run bench`: how fast the meter is on this machine, as ratios to a signature of node:crypto and a synced write. */

import { join } from 'node:path';
import { nodeCrypto } from '#driver/node-crypto';
import { nobleCrypto } from '#protocol/noble-crypto';
import { SIGN_BASELINE, SYNC_BASELINE, signBaseline, syncBaseline } from './support/baselines.ts';
import { type Candidate, compare } from './support/compare.ts';
import { hosted, issuingAtOnce } from './support/hosting.ts';
import { asking, inMemory, inOtherProcess, issuing, onFile } from './support/issuing.ts';
import { loggingIn, poweringUp } from './support/power-up.ts';
import { report } from './support/report.ts';
import { wealthyFlash } from './support/wealthy-meter.ts';

const ROUNDS = 7;
const DIRECTORY = 'build/bench';
const MEMORY_TRIPS = 'round trips in a session, in memory';

/** What the core cannot be faster than without a crypto engine. */
function nobleSign(): Candidate {
  const { sign, generateKeyPair } = nobleCrypto(nodeCrypto.randomBytes);
  const { privateKey } = generateKeyPair();
  const message = new Uint8Array(64);
  return {
    name: 'noble P-256 sign, as the image computes it',
    baseline: SIGN_BASELINE,
    operations: 200,
    run(operations) {
      for (let done = 0; done < operations; done++) sign(privateKey, message);
    },
  };
}

await using resources = new AsyncDisposableStack();
const sync = resources.use(syncBaseline(DIRECTORY));
const contents = await wealthyFlash();
const engine = { cryptoEngine: true } as const;
const bare = { cryptoEngine: false } as const;
const core = await inMemory(contents, resources, engine);
const bareCore = await inMemory(contents, resources, bare);
const synced = await onFile(DIRECTORY, contents, resources);
const eight = await hosted(join(DIRECTORY, 'bank-8'), contents, 8, resources);
const sixtyFour = await hosted(join(DIRECTORY, 'bank-64'), contents, 64, resources);
const tcp = await inOtherProcess(join(DIRECTORY, 'tcp'), 'tcp', contents, resources);
const serial = await inOtherProcess(join(DIRECTORY, 'serial'), 'serial', contents, resources);

report(
  'bench',
  await compare(ROUNDS, [
    signBaseline(),
    sync,
    nobleSign(),
    poweringUp('power-up to the first answer', contents, engine),
    poweringUp('power-up to the first answer, without crypto engine', contents, bare),
    loggingIn('power-up to a user logged in', contents, engine),
    loggingIn('power-up to a user logged in, without crypto engine', contents, bare),
    issuing('indicia, core in memory', SIGN_BASELINE, core),
    issuing('indicia, core in memory, without crypto engine', SIGN_BASELINE, bareCore),
    issuing('indicia, journal on a file, one sync each', SYNC_BASELINE, synced),
    issuingAtOnce('indicia, 8 meters at once, one sync for all that wait', SYNC_BASELINE, eight),
    issuingAtOnce(
      'indicia, 64 meters at once, one sync for all that wait',
      SYNC_BASELINE,
      sixtyFour,
    ),
    issuing('indicia, over TCP, one sync each', SYNC_BASELINE, tcp),
    issuing('indicia, over a serial line (pty), one sync each', SYNC_BASELINE, serial),
    asking(MEMORY_TRIPS, SIGN_BASELINE, core),
    asking('round trips in a session, over TCP', MEMORY_TRIPS, tcp),
    asking('round trips in a session, over a serial line (pty)', MEMORY_TRIPS, serial),
  ]),
);
