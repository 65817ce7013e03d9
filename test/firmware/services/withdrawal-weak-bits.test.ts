/** What a cut of a withdrawal leaves of the old keys may read otherwise each time; the proof is there all the same. */

import { expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import {
  signWithdrawalAuthorisation,
  withdrawalRequestDocument,
} from '#protocol/documents/withdrawal';
import { certifiedCopy, flashAfter, meterWith, providerKeys } from '#test/support/meter';
import { rawHost } from '#test/support/raw-host';

const SECTORS_OF_A_BANK = 3;

let agreement: Uint8Array;
const offered = flashAfter('refilled', async (meter) => {
  const { request } = await (await meter.loggedIn('cryptoOfficer')).withdrawalRequest();
  const read = withdrawalRequestDocument.read(request);
  if (!read.ok) throw new Error('that is no offer');
  const { registers: _, ...terms } = read.value;
  const answer = { ...terms, verdict: 'agreed' } as const;
  agreement = signWithdrawalAuthorisation(nodeCrypto, providerKeys.privateKey, answer);
});

/** How many programs and erases come before the first erase of what held the keys. */
async function operationsBeforeKeysGo(): Promise<number> {
  await using meter = meterWith(await offered());
  const officer = await meter.loggedIn('cryptoOfficer');
  using trace = meter.flash.traceOperations();
  await officer.withdrawalCommit(agreement);
  const erases = trace.operations.flatMap(({ op }, place) => (op === 'erase' ? [place] : []));
  return erases[SECTORS_OF_A_BANK] as number; // those of the bank that takes the proof come first
}

test('a bit of the old keys that reads as erased at first keeps nobody from the proof', async () => {
  const start = await offered();
  const before = await operationsBeforeKeysGo();
  const told: string[] = [];

  for (let seed = 0; seed < 16; seed++) {
    const flash = certifiedCopy(start.contents());
    await using meter = meterWith(flash);
    const officer = await meter.loggedIn('cryptoOfficer');
    flash.losePowerAfter(before, { tear: 'weak', tornBytes: 200 * seed, seed });
    await officer.withdrawalCommit(agreement, { timeoutMs: 20 }).catch(() => undefined);
    expect(flash.weakBits).not.toEqual([]);
    flash.restorePower();
    flash.reseed(seed);
    meter.board.powerOff();
    meter.board.powerOn();

    const { lifeCycle, fault } = rawHost(meter.board).status();
    told.push(`${seed}: ${lifeCycle}, fault ${fault}, ${flash.weakBits.length} weak bits`);
  }

  expect(told).toEqual(told.map((_, seed) => `${seed}: withdrawn, fault 0, 0 weak bits`));
});
