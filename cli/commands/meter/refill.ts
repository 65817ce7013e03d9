/** `tessera meter refill`: value from the provider into the descending register, exactly once (requirements.md B6). */

import type { Command } from 'commander';
import { LinkError } from '#driver/errors';
import type { Meter } from '#driver/meter';
import type { ResponseOf } from '#protocol/command';
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
    if (refillPending === options.amount) {
      await exchange(meter, provider, refillPending, output);
      return 0;
    }
    await settle(meter, provider, refillPending, output);
  }
  await exchange(meter, provider, options.amount, output);
  return 0;
}

/** Ends the refill that was under way; where it is declined now, that does not stand in the way of another. */
async function settle(
  meter: Meter,
  provider: ProviderClient,
  pending: Mills,
  output: Output,
): Promise<void> {
  try {
    await exchange(meter, provider, pending, output);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { reason, message, advice } = error;
    output.say('declined', { error: reason, message, advice }, `${message} ${advice}`);
  }
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
  const { credited, registers } = await commit(meter, authorisation);
  if (credited === 0) throw declined(authorisation);
  output.say(
    'refilled',
    { amountMills: credited, ...registerFigures(registers), ...signed, authorisation },
    `${formatMills(credited)} credited\n${registerTable(registers)}`,
  );
}

/** Where the answer is lost, the next call would buy once more: who asked is told to look first. */
async function commit(
  meter: Meter,
  authorisation: Uint8Array,
): Promise<ResponseOf<'refillCommit'>> {
  try {
    return await meter.refillCommit(authorisation);
  } catch (error) {
    if (!(error instanceof LinkError) || !error.isUncertain) throw error;
    const advice = 'It may be credited already: look with tessera meter registers before the next.';
    throw new Failure('link', error.message, advice);
  }
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
