/** `tessera meter withdraw`: all value goes back, the keys are destroyed, the proof is kept (requirements.md B7). */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { pause } from '#driver/abort';
import { LinkError } from '#driver/errors';
import { writePrivateFile } from '#driver/file';
import type { Meter } from '#driver/meter';
import {
  fetchProof,
  handProof,
  type WithdrawalProof,
  withdraw,
  withdrawalStage,
} from '#driver/withdrawal';
import { formatMeterId } from '#protocol/documents/meter-id';
import { formatMills } from '#protocol/mills';
import { Failure, UsageError } from '../../failure.ts';
import { type Home, needed, openHome } from '../../home.ts';
import { type AccessOptions, anonymous, loggedIn } from '../../meter-access.ts';
import type { Output } from '../../output.ts';
import type { Run } from '../../run.ts';
import { type ProviderClient, providerAt } from '../../servers.ts';

interface Options extends AccessOptions {
  readonly forEver?: boolean;
  readonly provider?: string;
  readonly out?: string;
}

export function addWithdraw(meter: Command, run: Run): void {
  meter
    .command('withdraw')
    .summary('give all value back and end the life of the meter, for ever')
    .description(
      `Offers what is left to the provider. Where that agrees, the registers go to zero, every key is destroyed, and the
meter gives a signed proof, which is verified, kept and handed over. After an interruption, call it again.`,
    )
    .option('--for-ever', 'say that it is meant')
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option('--provider <url>', 'the provider: http://127.0.0.1:PORT')
    .option('--out <file>', 'keep the proof there; in the home unless given')
    .option(
      '--password-file <file>',
      'of the officer; else $TESSERA_OFFICER_PASSWORD, else asked for',
    )
    .action((options: Options, command: Command) =>
      run((output) => withdrawMeter(options, openHome(command.optsWithGlobals()['home']), output)),
    );
}

async function withdrawMeter(options: Options, home: Home, output: Output): Promise<number> {
  if (options.forEver !== true)
    throw new UsageError('Nothing was done: say --for-ever if the meter shall end.');
  const provider = providerAt(needed(options.provider, home.settings.provider, '--provider'));
  if ((await stageOf(home, options)) !== 'done') await giveBack(options, home, provider, output);
  const proof = await provenBy(home, options);
  const file = options.out ?? join(home.path, 'withdrawal-proof.bin');
  await writePrivateFile(file, proof.report, 'replace');
  output.say('proof', { file, report: proof.report }, `the proof is verified, and kept in ${file}`);
  const { postal, certificate } = await handProof(proof, provider);
  output.say(
    'withdrawn',
    {
      meter: formatMeterId(proof.fields.meterId),
      postalMills: postal,
      certificateMills: certificate,
      ascendingMills: proof.fields.registers.ascending,
      pieceCount: proof.fields.registers.pieceCount,
    },
    `withdrawn: ${formatMills(postal)} of postage and ${formatMills(certificate)} for certificates ` +
      'are on the account again',
  );
  return 0;
}

async function stageOf(home: Home, options: Options) {
  await using meter = await anonymous(home, options);
  return await withdrawalStage(meter);
}

/** The key that the meter proves is kept before it is destroyed: later nothing could be verified. */
async function giveBack(
  options: Options,
  home: Home,
  provider: ProviderClient,
  output: Output,
): Promise<void> {
  await using meter = await loggedIn(home, 'cryptoOfficer', options);
  const deviceKey = meter.server?.publicKey;
  if (deviceKey === undefined) throw new Error('a session without a server');
  await writePrivateFile(home.deviceKey, deviceKey, 'replace');
  const answer = await withdraw(meter, provider);
  if (answer.outcome === 'refused')
    throw new Failure(
      answer.obstacle ?? 'refused',
      `The provider does not take the meter back${obstacleText(answer.obstacle)}.`,
      'The meter goes on as before: see to that, then call again.',
    );
  output.say(
    'agreed',
    { postalMills: answer.postal, certificateMills: answer.certificate },
    [
      `the provider takes back ${formatMills(answer.postal)} of postage`,
      `and ${formatMills(answer.certificate)} for certificates`,
    ].join(' '),
  );
}

function obstacleText(obstacle: string | undefined): string {
  switch (obstacle) {
    case undefined:
      return '';
    case 'registersContradict':
      return ': the registers are not what its books say';
    case 'unsettled':
      return ': what was spent is not settled yet, tessera meter refill --kind settlement';
    default:
      return `: ${obstacle}`;
  }
}

/** How long the meter may take to come up again behind its last answer, milliseconds, try by try. */
const RESTART_PAUSES_MS = [200, 1_000, 3_000] as const;

async function provenBy(home: Home, options: Options): Promise<WithdrawalProof> {
  if (!existsSync(home.deviceKey))
    throw new Failure(
      'homeMissing',
      `${home.deviceKey} is missing: the proof of the meter cannot be verified.`,
      'Name the --home that the withdrawal was begun with.',
    );
  const deviceKey = Uint8Array.from(await readFile(home.deviceKey));
  await using meter = await restarted(home, options);
  const stage = await withdrawalStage(meter);
  if (stage !== 'done')
    throw new Failure(
      'interrupted',
      'The meter has not taken the answer of the provider.',
      'Call it again: it is asked for the same once more.',
    );
  return await fetchProof(meter, deviceKey);
}

async function restarted(home: Home, options: Options): Promise<Meter> {
  for (const pauseMs of RESTART_PAUSES_MS) {
    try {
      return await anonymous(home, options);
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      await pause(pauseMs, undefined);
    }
  }
  return await anonymous(home, options);
}
