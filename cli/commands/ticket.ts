/** `tessera ticket …`: tickets made by a meter, and gates that work without a network (requirements.md C7; docs/tickets.md). */

import { readFileSync, writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { askOnce } from '#driver/charged';
import { nodeCrypto } from '#driver/node-crypto';
import { findDoubles, type GateRules, judgeTicket, letIn, readGrants } from '#driver/tickets/gate';
import { entriesIn, openUsedList } from '#driver/tickets/used-list';
import { ascii } from '#protocol/bytes';
import { formatMeterId } from '#protocol/documents/meter-id';
import {
  isSeat,
  MINUTE_MS,
  type Ticket,
  type TicketKind,
  ticketKinds,
} from '#protocol/documents/ticket';
import { formatMills, type Mills, mills } from '#protocol/mills';
import { authorityKeysOf, bytesOf, underWay } from '../evidence-file.ts';
import { Failure } from '../failure.ts';
import { type Home, openHome } from '../home.ts';
import { interrupted } from '../interrupt.ts';
import { type AccessOptions, loggedIn } from '../meter-access.ts';
import { amount, oneName, recordNumber } from '../options.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';

const small =
  (max: number, what: string) =>
  (text: string): number => {
    const value = recordNumber(text);
    if (value > max) throw new InvalidArgumentError(`${what} is a whole number from 1 to ${max}.`);
    return value;
  };

/** `2026-06-01T18:00Z`. @returns minutes since 1970 */
function minute(text: string): number {
  const timeMs = Date.parse(text);
  if (!(timeMs >= 0)) throw new InvalidArgumentError('A moment is as 2026-06-01T18:00Z.');
  return Math.floor(timeMs / MINUTE_MS);
}

function seatOf(text: string): Uint8Array {
  const seat = ascii(text);
  if (!isSeat(seat)) throw new InvalidArgumentError('A seat has 16 characters of ASCII at most.');
  return seat;
}

interface IssueOptions extends AccessOptions {
  readonly key: number;
  readonly event: number;
  readonly kind: TicketKind;
  readonly from: number;
  readonly to: number;
  readonly seat?: Uint8Array;
  readonly uses: number;
  readonly price?: Mills;
  readonly out?: string;
}

interface CheckOptions {
  readonly grant: readonly string[];
  readonly event?: number;
  readonly authorityKey?: string;
}

interface GateOptions extends CheckOptions {
  readonly used: string;
  readonly gate: string;
}

const several = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

export function addTicket(program: Command, run: Run): void {
  const ticket = program.command('ticket').description('tickets, and gates that let in by them');
  const home = (command: Command): Home => openHome(command.optsWithGlobals()['home']);
  ticket
    .command('issue')
    .summary('charge for a ticket and sign it')
    .description(
      'Charges for the service. The price is what the holder paid; it stands in the ticket and is not charged.',
    )
    .requiredOption('--key <number>', 'of the meter: a key for signatures', small(65_535, 'A key'))
    .requiredOption('--event <number>', 'what it is for', recordNumber)
    .option('--kind <kind>', ticketKinds.join(', '), oneName(ticketKinds), 'admission')
    .requiredOption('--from <moment>', 'may be used from then on: 2026-06-01T18:00Z', minute)
    .requiredOption('--to <moment>', 'and until the end of that minute', minute)
    .option('--seat <text>', 'at most 16 characters', seatOf)
    .option('--uses <number>', 'how often it lets in', small(255, 'A number of uses'), 1)
    .option('--price <amount>', 'as 25.00', amount)
    .option('--out <file>', 'leaves the bytes of its symbol there')
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option('--password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for')
    .action((options: IssueOptions, command: Command) =>
      run((output) => issueTicket(options, home(command), output)),
    );
  withGrants(ticket.command('check'))
    .summary('judge a ticket without a network; nothing is written down')
    .description('Exit code 0: it lets in now, where it was not used; 1: it does not.')
    .argument('<ticket>', 'a file, or hexadecimal digits')
    .action((given: string, options: CheckOptions, command: Command) =>
      run((output) => check(given, options, home(command), output)),
    );
  withGrants(ticket.command('gate'))
    .summary('let in by a ticket, as often as it may')
    .description('Works without a network. Exit code 0: enter, and that is on disk; 1: do not.')
    .argument('<ticket>', 'a file, or hexadecimal digits')
    .requiredOption('--used <file>', 'the list of this gate, made where it is missing')
    .requiredOption('--gate <name>', 'the name of this gate in its list')
    .action((given: string, options: GateOptions, command: Command) =>
      run((output) => gate(given, options, home(command), output)),
    );
  ticket
    .command('doubles')
    .summary('compare the lists of several gates')
    .description(
      'Tells tickets that let in more often than they may. Exit code 0: there are none; 1: there are.',
    )
    .argument('<lists...>', 'files that gate wrote')
    .action((lists: readonly string[]) => run((output) => doubles(lists, output)));
}

function withGrants(command: Command): Command {
  return command
    .requiredOption('--grant <file>', 'of a key that signs tickets; may be given again', several)
    .option('--event <number>', 'only tickets for that', recordNumber)
    .option('--authority-key <digits>', 'who signed the grants, where there is no key file here');
}

async function issueTicket(
  {
    key,
    event,
    kind,
    from,
    to,
    seat = new Uint8Array(0),
    uses,
    price = mills(0),
    out,
    ...access
  }: IssueOptions,
  home: Home,
  output: Output,
): Promise<number> {
  using interrupt = interrupted();
  await using meter = await loggedIn(home, 'user', access);
  const wish = {
    number: key,
    eventId: event,
    kind,
    validFrom: from,
    validTo: to,
    seat,
    uses,
    price,
  };
  const { signal } = interrupt;
  const { ticket } = await askOnce(meter, underWay(home, meter), 'createTicket', wish, {
    signal,
    keep(made) {
      if (out !== undefined) writeFileSync(out, made.ticket, { flush: true });
    },
  });
  output.say(
    'ticket',
    { ticket, file: out },
    `a ticket: ${out ?? Buffer.from(ticket).toString('hex')}`,
  );
  return 0;
}

async function rulesOf(
  { grant, event, authorityKey }: CheckOptions,
  home: Home,
): Promise<GateRules> {
  const keys = await authorityKeysOf(home, authorityKey);
  const grants = readGrants(nodeCrypto, keys, grant.map(bytesOf));
  if (!grants.ok)
    throw new Failure(
      'grantInvalid',
      'A grant is none, or the authority did not sign it.',
      'Have the key certified, and give the grant that came with its certificate.',
    );
  return { grants: grants.value, eventId: event };
}

const texts = {
  enter: 'it lets in',
  forged: 'it is no ticket, or its key did not sign it',
  unknownKey: 'no grant of its key is here',
  otherEvent: 'it is for another event',
  tooEarly: 'its time has not begun',
  tooLate: 'its time is over',
  usedUp: 'it was used as often as it may be',
} as const;

function tell(
  verdict: keyof typeof texts,
  ticket: Ticket | undefined,
  text: string,
  output: Output,
): number {
  const figures =
    ticket === undefined
      ? {}
      : {
          meter: formatMeterId(ticket.meterId),
          number: ticket.number,
          eventId: ticket.eventId,
          kind: ticket.kind,
          seat: String.fromCharCode(...ticket.seat),
          uses: ticket.uses,
          priceMills: ticket.price,
        };
  const what =
    ticket === undefined
      ? ''
      : ` (${ticket.kind} ${ticket.eventId}, seat ${figures.seat || '-'}, ${formatMills(ticket.price)})`;
  output.say('ticket', { verdict, ...figures }, `${text}${what}`);
  return verdict === 'enter' ? 0 : 1;
}

async function check(
  given: string,
  options: CheckOptions,
  home: Home,
  output: Output,
): Promise<number> {
  const rules = await rulesOf(options, home);
  const { verdict, ticket } = judgeTicket(nodeCrypto, rules, bytesOf(given), Date.now());
  return tell(
    verdict,
    ticket,
    verdict === 'enter' ? 'GOOD' : `NOT GOOD: ${texts[verdict]}`,
    output,
  );
}

async function gate(
  given: string,
  options: GateOptions,
  home: Home,
  output: Output,
): Promise<number> {
  const rules = await rulesOf(options, home);
  await using used = await openUsedList(options.used);
  const now = { gate: options.gate, timeMs: Date.now() };
  const { verdict, ticket } = await letIn(nodeCrypto, rules, used, bytesOf(given), now);
  return tell(verdict, ticket, verdict === 'enter' ? 'ENTER' : `STOP: ${texts[verdict]}`, output);
}

async function doubles(lists: readonly string[], output: Output): Promise<number> {
  const found = findDoubles(lists.map((path) => entriesIn(readFileSync(path, 'utf8'), path)));
  for (const { meterId, number, eventId, uses, kind, entries } of found) {
    const meter = formatMeterId(meterId);
    const where = entries.map((entry) => `${entry.gate} ${new Date(entry.timeMs).toISOString()}`);
    const why = kind === 'uses' ? `lets in ${uses} times` : 'has two contents';
    const told = entries.map((entry) => ({ gate: entry.gate, timeMs: entry.timeMs }));
    output.say(
      'double',
      { meter, number, eventId, uses, kind, entries: told },
      `ticket ${number} of ${meter} ${why}, and was used at ${where.join(', ')}`,
    );
  }
  output.say(
    'doubles',
    { count: found.length },
    `${found.length} doubles in ${lists.length} lists`,
  );
  return found.length === 0 ? 0 : 1;
}
