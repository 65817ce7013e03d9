/** `tessera meter refill`: value from the provider into the descending register, exactly once (requirements.md B6). */

import type { Command } from 'commander';
import type { Meter } from '#driver/meter';
import { readRefillAuthorisation } from '#protocol/documents/refill';
import { formatMills, type Mills, mills } from '#protocol/mills';
import { Failure } from '../../failure.ts';
import { type Home, needed, openHome } from '../../home.ts';
import { type AccessOptions, loggedIn } from '../../meter-access.ts';
import { amount } from '../../options.ts';
import type { Output } from '../../output.ts';
import type { Run } from '../../run.ts';
import { type ProviderClient, providerAt } from '../../servers.ts';
import { registerFigures, registerTable } from './tell.ts';

interface Options extends AccessOptions {
  readonly amount: Mills;
  readonly provider?: string;
}

export function addRefill(meter: Command, run: Run): void {
  meter
    .command('refill')
    .summary('buy value for the meter')
    .description(
      `Asks the meter for a signed request, has the provider answer it, and hands the answer to the meter.
Whatever is interrupted on the way is finished by the next call; nothing is credited twice.`,
    )
    .requiredOption('--amount <amount>', 'how much, as 100 or 49.500', amount)
    .option('--port <url>', 'the meter: serial:/path or tcp:host:port')
    .option('--provider <url>', 'the provider: http://127.0.0.1:PORT')
    .option('--password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for')
    .action((options: Options, command: Command) =>
      run((output) => refill(options, openHome(command.optsWithGlobals()['home']), output)),
    );
}

async function refill(options: Options, home: Home, output: Output): Promise<number> {
  const url = needed(options.provider, home.settings.provider, '--provider');
  const provider = providerAt(url);
  await using meter = await loggedIn(home, 'user', options);
  const { refillPending } = await meter.registers();
  if (refillPending > 0) {
    const text = `first finishing the refill of ${formatMills(refillPending)} that was under way`;
    output.say('resuming', { amountMills: refillPending }, text);
    await exchange(meter, provider, refillPending, output);
    if (refillPending === options.amount) return 0;
  }
  await exchange(meter, provider, options.amount, output);
  return 0;
}

/** Request, authorisation, credit. */
async function exchange(
  meter: Meter,
  provider: ProviderClient,
  wanted: Mills,
  output: Output,
): Promise<void> {
  const signed = await meter.refillRequest(wanted);
  const { authorisation } = await provider.refill(signed);
  const { credited, registers } = await meter.refillCommit(authorisation);
  if (credited === 0) throw declined(authorisation);
  output.say(
    'refilled',
    { creditedMills: credited, ...registerFigures(registers), ...signed, authorisation },
    `${formatMills(credited)} credited\n${registerTable(registers)}`,
  );
}

const reasons = {
  ok: 'without a reason',
  insufficientAccountFunds: 'the account does not hold that much',
  accountClosed: 'the account is closed',
  poolEmpty: 'the provider has not that much value to sell at the moment',
} as const;

/** The provider said no, under its signature; the meter has taken note and is free for another refill. */
function declined(authorisation: Uint8Array): Failure {
  const read = readRefillAuthorisation(authorisation);
  const { reason, available } = read.ok
    ? read.value
    : { reason: 'ok' as const, available: mills(0) };
  return new Failure(
    reason,
    `The provider declines: ${reasons[reason]}.`,
    available > 0 ? `Up to ${formatMills(available)} can be had now.` : 'Ask the provider.',
  );
}
