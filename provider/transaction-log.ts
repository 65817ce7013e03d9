/**
 * The transaction log: every movement of money, with the registers before and after it, each entry hashed into the next
 * (requirements.md G6; domain.md R45, R46).
 *
 * An entry is written in the transaction of the data base that moves the money, so that neither is without the other: where
 * the log cannot be written, nothing moves. Where its end is not what it was, nothing is done any more until somebody has
 * looked into it.
 */

import { equalBytes } from '#protocol/bytes';
import type { Crypto } from '#protocol/crypto';
import type { ProviderContext, ProviderTransaction } from './context.ts';

/**
 * `value`: bought from the authority · `payment` · `refill`: of any kind, granted or not · `claim`: value for spoiled pieces
 * arrived · `withdrawal`: agreed or not · `proof`: what was left in a meter came back.
 */
export const entryKinds = ['value', 'payment', 'refill', 'claim', 'withdrawal', 'proof'] as const;
export type EntryKind = (typeof entryKinds)[number];

/** At most so many entries in one answer. */
export const ENTRIES_LIMIT = 100;

const HEAD_ID = 1;

/** The end of the log is not what it was: the provider stops. */
export class LogHaltedError extends Error {
  override readonly name = 'LogHaltedError';
}

/** What a transaction is about; the pool always takes part. */
export interface LogSubject {
  readonly kind: EntryKind;
  readonly customerId?: number;
  /** `TS01-0000000042` */
  readonly meter?: string;
  /** The document that led to it; its digest is in the entry. */
  readonly evidence: Uint8Array;
}

/**
 * Performs an act and writes it down, both or neither. Holds meter, customer, pool and log, in this order, until the
 * transaction ends.
 * @param act is given the number of its entry
 * @throws LogHaltedError
 */
export async function logged<T>(
  { crypto, now }: Pick<ProviderContext, 'crypto' | 'now'>,
  trx: ProviderTransaction,
  subject: LogSubject,
  act: (entry: number) => Promise<T>,
): Promise<T> {
  const before = await statesOf(trx, subject);
  const head = await lockHead(crypto, trx);
  const number = head.number + 1;
  const result = await act(number);
  const after = await statesOf(trx, subject);
  const timeMs = now();
  const { kind, evidence } = subject;
  const entry = JSON.stringify({
    number,
    kind,
    timeMs,
    evidence: hex(crypto.sha256(evidence)),
    before,
    after,
  });
  const chain = chainOf(crypto, head.chain, entry);
  await trx
    .insertInto('transaction_log')
    .values({ number, kind, time_ms: timeMs, entry, chain })
    .execute();
  await trx
    .updateTable('transaction_log_head')
    .set({ number, chain })
    .where('head_id', '=', HEAD_ID)
    .execute();
  return result;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function chainOf(crypto: Crypto, before: Uint8Array, entry: string): Uint8Array {
  return crypto.sha256(before, new TextEncoder().encode(entry));
}

/** The registers of pool, customer and meter by name, as JSON keeps them. */
type State = Readonly<Record<string, Readonly<Record<string, number>>>>;

async function statesOf(trx: ProviderTransaction, subject: LogSubject): Promise<State> {
  const { customerId, meter } = subject;
  const state: Record<string, Record<string, number>> = {};
  if (meter !== undefined) state[meter] = await meterState(trx, meter);
  if (customerId !== undefined)
    state[`customer ${customerId}`] = await customerState(trx, customerId);
  state['pool'] = await poolState(trx);
  return state;
}

/** Writing a row holds it on every data base. */
function meterState(trx: ProviderTransaction, meter: string): Promise<Record<string, number>> {
  return trx
    .updateTable('meters')
    .set((eb) => ({ credited: eb.ref('credited') }))
    .where('meter_id', '=', meter)
    .returning([
      'credited',
      'certificate_credited',
      'spoilage_approved',
      'spoilage_credited',
      'settled',
      'withdrawn',
      'certificate_withdrawn',
      'refill_sequence',
      'ascending',
      'certificate_ascending',
      'is_withdrawn',
    ])
    .executeTakeFirstOrThrow();
}

function customerState(
  trx: ProviderTransaction,
  customerId: number,
): Promise<Record<string, number>> {
  return trx
    .updateTable('customers')
    .set((eb) => ({ balance: eb.ref('balance') }))
    .where('customer_id', '=', customerId)
    .returning(['balance', 'owed', 'paid_in', 'returned', 'transactions'])
    .executeTakeFirstOrThrow();
}

function poolState(trx: ProviderTransaction): Promise<Record<string, number>> {
  return trx
    .updateTable('pool')
    .set((eb) => ({ descending: eb.ref('descending') }))
    .returning(['ascending', 'descending', 'spoilage', 'refunded', 'issue_sequence'])
    .executeTakeFirstOrThrow();
}

interface Head {
  readonly number: number;
  readonly chain: Uint8Array;
}

/** Where the log stands; it is held, and its last entry is the one that it says. */
async function lockHead(crypto: Crypto, trx: ProviderTransaction): Promise<Head> {
  const head = await trx
    .updateTable('transaction_log_head')
    .set((eb) => ({ number: eb.ref('number') }))
    .where('head_id', '=', HEAD_ID)
    .returning(['number', 'chain'])
    .executeTakeFirstOrThrow();
  const [last, before] = await trx
    .selectFrom('transaction_log')
    .select(['number', 'entry', 'chain'])
    .orderBy('number', 'desc')
    .limit(2)
    .execute();
  const isRight =
    last === undefined
      ? head.number === 0
      : last.number === head.number &&
        equalBytes(last.chain, head.chain) &&
        equalBytes(chainOf(crypto, before?.chain ?? new Uint8Array(32), last.entry), last.chain);
  if (!isRight) throw new LogHaltedError('The last entry is not the one that was written last.');
  return head;
}

/** Where the log stands, for whoever reads it. */
export function logHead(db: ProviderContext['db']): Promise<Head> {
  return db
    .selectFrom('transaction_log_head')
    .select(['number', 'chain'])
    .where('head_id', '=', HEAD_ID)
    .executeTakeFirstOrThrow();
}

export interface LogEntry {
  readonly number: number;
  readonly kind: EntryKind;
  readonly timeMs: number;
  /** JSON. */
  readonly entry: string;
  readonly chain: Uint8Array;
}

/** The entries after a number, the oldest first; 0 for the first ones. */
export async function listLog(
  db: ProviderContext['db'],
  after: number,
): Promise<readonly LogEntry[]> {
  const rows = await db
    .selectFrom('transaction_log')
    .selectAll()
    .where('number', '>', after)
    .orderBy('number')
    .limit(ENTRIES_LIMIT)
    .execute();
  return rows.map(({ time_ms, ...entry }) => ({ ...entry, timeMs: time_ms }));
}

export interface LogAudit {
  readonly entries: number;
  readonly head: Uint8Array;
  readonly isSound: boolean;
  /** The first thing that is wrong. */
  readonly problem: string | undefined;
}

/**
 * Reads the whole log: that each entry follows on the one before, that each state begins where the one before ended, and that
 * the last states are what the books say now.
 */
export async function auditLog({ crypto, db }: ProviderContext): Promise<LogAudit> {
  return db.transaction().execute(async (trx) => {
    const head = await logHead(trx);
    const problem = await firstProblem(crypto, trx, head);
    return { entries: head.number, head: head.chain, isSound: problem === undefined, problem };
  });
}

async function firstProblem(
  crypto: Crypto,
  trx: ProviderTransaction,
  head: Head,
): Promise<string | undefined> {
  const states = new Map<string, string>();
  let before: Head = { number: 0, chain: new Uint8Array(32) };
  for (;;) {
    const part = await listLog(trx, before.number);
    for (const each of part) {
      const { number, entry, chain } = each;
      if (number !== before.number + 1) return `Entry ${before.number + 1} is missing.`;
      if (!equalBytes(chainOf(crypto, before.chain, entry), chain))
        return `Entry ${number} was changed, or the one before it.`;
      const subject = follow(states, entry);
      if (subject !== undefined) return `Entry ${number} does not begin where ${subject} was.`;
      before = { number, chain };
    }
    if (part.length < ENTRIES_LIMIT) break;
  }
  if (before.number !== head.number || !equalBytes(before.chain, head.chain))
    return `The log ends with entry ${before.number}, but ${head.number} were written.`;
  return unlikeBooks(trx, states);
}

/** Takes over the states of an entry. @returns whose state does not begin where it ended */
function follow(states: Map<string, string>, entry: string): string | undefined {
  const { before, after } = JSON.parse(entry) as { before: State; after: State };
  for (const [subject, state] of Object.entries(before)) {
    const known = states.get(subject);
    if (known !== undefined && known !== JSON.stringify(state)) return subject;
  }
  for (const [subject, state] of Object.entries(after)) states.set(subject, JSON.stringify(state));
  return undefined;
}

async function unlikeBooks(
  trx: ProviderTransaction,
  states: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  for (const [subject, state] of states) {
    const now = await currentState(trx, subject);
    if (JSON.stringify(now) !== state) return `The books of ${subject} are not what the log says.`;
  }
  return undefined;
}

function currentState(trx: ProviderTransaction, subject: string): Promise<unknown> {
  if (subject === 'pool') return poolState(trx);
  const customer = /^customer (\d+)$/.exec(subject)?.[1];
  return customer === undefined ? meterState(trx, subject) : customerState(trx, Number(customer));
}
