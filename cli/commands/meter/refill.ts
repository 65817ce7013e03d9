/** `tessera meter refill`: value from the provider into the meter, exactly once (requirements.md B6, B7, F7). */

import type { Command } from 'commander';
import {
  dueRefill,
  finishRefill,
  pendingRefill,
  type RefillOutcome,
  type RefillWish,
  refill,
} from '#driver/contact/refill';
import type { Meter } from '#driver/meter';
import { refillKinds } from '#protocol/documents/refill';
import { formatMills, type Mills, mills } from '#protocol/mills';
import { accountNames } from '#protocol/state';
import { declinedText } from '../../contact-text.ts';
import { authorised, booksOf, recorded, type UserOptions, withUser } from '../../desk.ts';
import { Failure, UsageError } from '../../failure.ts';
import { type Home, openHome } from '../../home.ts';
import { type AccessOptions, loggedIn } from '../../meter-access.ts';
import { amount, oneName } from '../../options.ts';
import type { Output } from '../../output.ts';
import type { Run } from '../../run.ts';
import { providerAt } from '../../servers.ts';
import { autoRefillOf } from './sync.ts';
import { registerFigures, registerTable } from './tell.ts';

interface Options extends AccessOptions, UserOptions {
  readonly amount?: Mills;
  readonly kind: RefillWish['kind'];
  readonly account: RefillWish['account'];
  /** Undefined where neither --auto nor --no-auto is given. */
  readonly auto?: boolean;
  readonly below?: Mills;
  readonly provider?: string;
  readonly providerToken?: string;
}

export function addRefill(meter: Command, run: Run): void {
  withUser(meter.command('refill'))
    .summary('buy value, take back what was spoiled, or settle what was spent')
    .description(
      `Asks the meter for a signed request, has the provider answer it, and hands the answer to the meter.
Whatever is interrupted on the way is finished by the next call; nothing is credited twice.

--auto buys only where the funds are low, and remembers to do so at every sync; --no-auto forgets it.`,
    )
    .option(
      '--amount <amount>',
      'how much, as 100; all there is for spoilage and settlement',
      amount,
    )
    .option('--kind <kind>', refillKinds.join(', '), oneName(refillKinds), 'purchase')
    .option('--account <account>', accountNames.join(', '), oneName(accountNames), 'postal')
    .option('--auto', 'buy now and at every sync where less than --below is left')
    .option('--no-auto', 'do not buy at a sync any more')
    .option('--below <amount>', 'with --auto; what the licence calls low unless given', amount)
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option('--provider <url>', 'the provider: http://127.0.0.1:PORT')
    .option('--provider-token <file>', 'for --kind spoilage without an amount')
    .option('--password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for')
    .action((options: Options, command: Command) =>
      run((output) => {
        const home = openHome(command.optsWithGlobals()['home']);
        return recorded(home, 'meter refill', () => refillMeter(options, home, output));
      }),
    );
}

async function refillMeter(options: Options, home: Home, output: Output): Promise<number> {
  if (options.auto === false && options.amount === undefined) return forgetAuto(home, output);
  if (options.auto === true) rememberAuto(home, options, output);
  await allowed(options, home);
  const url = options.provider ?? home.settings.provider ?? (await noProvider(home));
  const provider = providerAt(url, options.providerToken);
  await using meter = await loggedIn(home, 'user', options);
  const pending = pendingRefill(await meter.registers());
  const wish = await wishOf(meter, options, home, url);
  if (pending !== undefined) {
    const text = `first finishing the refill of ${formatMills(pending.amount)} that was under way`;
    output.say('resuming', { ...figuresOf(pending) }, text);
    if (wish !== undefined && isSame(pending, wish)) {
      tell(await refill(meter, provider, wish), output);
      return 0;
    }
    const finished = await finishRefill(meter, provider);
    if (finished !== undefined) tellEarlier(finished, output);
  }
  if (wish === undefined) {
    output.say('enough', {}, 'the funds are not low: nothing was bought');
    return 0;
  }
  tell(await refill(meter, provider, wish), output);
  return 0;
}

/** Where users are known, buying is a supervisor's. */
async function allowed(options: UserOptions, home: Home): Promise<void> {
  using books = booksOf(home);
  await authorised(books, 'supervisor', options, home);
}

/** Where no provider is known, the meter was not registered from this home, or not even made. */
async function noProvider(home: Home): Promise<never> {
  if ((await home.header('user')) === undefined)
    throw new Failure(
      'meterNotMade',
      `${home.path} has no keys of a meter.`,
      'Make it first: tessera meter make, then tessera meter register; or say --home.',
    );
  throw new Failure(
    'notRegistered',
    'No provider is known: the meter was not registered from here.',
    'Register it: tessera meter register; or say --provider.',
  );
}

function forgetAuto(home: Home, output: Output): number {
  home.remember({ autoRefill: undefined, autoRefillBelow: undefined });
  output.say('autoRefill', { isOn: false }, 'a sync buys nothing by itself any more');
  return 0;
}

function rememberAuto(home: Home, { amount: most, below }: Options, output: Output): void {
  if (most === undefined) {
    if (autoRefillOf(home) === undefined) throw new UsageError('Say --amount: how much to buy.');
    return;
  }
  const autoRefillBelow = below === undefined ? undefined : formatMills(below);
  home.remember({ autoRefill: formatMills(most), autoRefillBelow });
  const limit =
    below === undefined ? 'the funds are low' : `less than ${formatMills(below)} is left`;
  output.say(
    'autoRefill',
    { isOn: true, amountMills: most, belowMills: below },
    `every sync buys ${formatMills(most)} where ${limit}`,
  );
}

const figuresOf = ({ kind, account, amount: wanted }: RefillWish) => ({
  kind,
  account,
  amountMills: wanted,
});

const isSame = (left: RefillWish, right: RefillWish): boolean =>
  left.kind === right.kind && left.account === right.account && left.amount === right.amount;

/** What is wanted; undefined where --auto finds that there is enough. */
async function wishOf(
  meter: Meter,
  options: Options,
  home: Home,
  url: string,
): Promise<RefillWish | undefined> {
  const { kind, account } = options;
  const auto = options.auto === true ? autoRefillOf(home) : undefined;
  if (auto !== undefined) return await dueRefill(meter, auto);
  if (options.amount !== undefined) return { kind, account, amount: options.amount };
  switch (kind) {
    case 'purchase':
      throw new UsageError('Say --amount: how much to buy.');
    case 'settlement':
      return { kind, account, amount: await unsettled(meter) };
    case 'spoilage':
      return { kind, account, amount: await approved(meter, options, url) };
  }
}

async function unsettled(meter: Meter): Promise<Mills> {
  const { ascending, settled } = await meter.registers();
  if (ascending === settled)
    throw new Failure(
      'nothingUnsettled',
      'All that was spent is settled.',
      'Nothing is to be done.',
    );
  return mills(ascending - settled);
}

/** What the provider has approved of spoiled postage and the meter has not taken yet. */
async function approved(meter: Meter, { providerToken }: Options, url: string): Promise<Mills> {
  if (providerToken === undefined)
    throw new UsageError('Say --amount, or --provider-token to ask what is approved.');
  const { meterId } = await meter.status();
  const books = await providerAt(url, providerToken).readMeter({ meterId });
  const rest = books.spoilageApproved - books.spoilageCredited;
  if (rest <= 0)
    throw new Failure(
      'nothingApproved',
      'No spoiled postage is approved that the meter has not taken.',
      'See tessera spoilage list for what became of the claims.',
    );
  return mills(rest);
}

/** One that was under way; where it is declined now, that does not stand in the way of another. */
function tellEarlier(outcome: RefillOutcome, output: Output): void {
  if (outcome.outcome === 'credited') tell(outcome, output);
  else {
    const { message, advice } = declinedText(outcome);
    output.say('declined', { error: outcome.reason, message, advice }, `${message} ${advice}`);
  }
}

/** @throws Failure where the provider said no, under its signature; the meter has taken note and is free for another */
function tell(outcome: RefillOutcome, output: Output): void {
  if (outcome.outcome === 'declined') {
    const { message, advice } = declinedText(outcome);
    throw new Failure(outcome.reason, message, advice);
  }
  const { wish, registers, request, authorisation } = outcome;
  output.say(
    'refilled',
    { ...figuresOf(wish), ...registerFigures(registers), request, authorisation },
    `${formatMills(wish.amount)} credited\n${registerTable(registers)}`,
  );
}
