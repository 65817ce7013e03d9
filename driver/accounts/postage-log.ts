/** Every debit of the command line once, under the id of its request, with who it was for (requirements.md F7). */

import type { RequestId } from '#protocol/command-layouts';
import { readIndicium } from '#protocol/documents/indicium';
import { type Mills, mills } from '#protocol/mills';
import { account, surchargeOf } from './accounts.ts';
import type { Books } from './books.ts';

export interface Debit {
  readonly meter: string;
  readonly requestId: RequestId;
  readonly reference: string;
  /** Folder of the job; empty for a single print. */
  readonly job: string;
  /** Empty where no account was said. */
  readonly account: string;
  readonly user: string;
  /** 128 bytes: postage, number and register are what the meter signed. */
  readonly indicium: Uint8Array;
  readonly atMs: number;
}

/** A debit as it is on record. */
export interface LoggedDebit {
  readonly meter: string;
  readonly reference: string;
  readonly job: string;
  readonly account: string;
  readonly user: string;
  readonly kind: string;
  readonly serviceId: number;
  readonly postage: Mills;
  readonly surcharge: Mills;
  readonly pieceCount: number;
  readonly ascending: Mills;
  readonly mailingDate: number;
  readonly atMs: number;
}

export const isLogged = ({ sql }: Books, meter: string, { counter, nonce }: RequestId): boolean =>
  sql('SELECT 1 FROM debit WHERE meter = ? AND counter = ? AND nonce = ?').get(
    meter,
    counter,
    nonce,
  ) !== undefined;

/** Notes a debit; one that is on record stays as it was noted first. */
export function logDebit(books: Books, debit: Debit): void {
  const read = readIndicium(debit.indicium);
  if (!read.ok) throw new Error('a debit without indicium: a bug of the caller');
  const { postage, pieceCount, ascending, serviceId, mailingDate, flags } = read.value;
  const kind = flags.redate ? 'redate' : flags.correction ? 'correction' : 'postage';
  const { meter, requestId, reference, job, user, atMs } = debit;
  const charge = chargeFor(books, debit.account, postage);
  books
    .sql('INSERT OR IGNORE INTO debit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    .run(
      ...([meter, requestId.counter, requestId.nonce, reference, job] as const),
      ...([charge.account, user, kind, serviceId, postage, charge.surcharge] as const),
      ...([pieceCount, ascending, mailingDate, atMs] as const),
    );
}

/** An account that is gone meanwhile is no reason to lose a debit: then it is charged to nobody. */
function chargeFor(books: Books, name: string, postage: Mills) {
  const isThere = books.sql('SELECT 1 FROM account WHERE name = ?').get(name) !== undefined;
  if (!isThere) return { account: '', surcharge: mills(0) };
  return { account: name, surcharge: surchargeOf(account(books, name), postage) };
}

export interface Span {
  readonly fromMs: number;
  /** Not included. */
  readonly toMs: number;
}

/** Oldest first, read one by one. */
export function* debitsIn({ sql }: Books, { fromMs, toMs }: Span): Generator<LoggedDebit> {
  const rows = sql(
    'SELECT * FROM debit WHERE atMs >= ? AND atMs < ? ORDER BY atMs, counter',
  ).iterate(fromMs, toMs);
  for (const row of rows) yield row as unknown as LoggedDebit;
}

/** What the meter charged and this log does not have, between two pieces that it has. */
export interface LogGap {
  readonly afterPiece: number;
  readonly pieces: number;
  readonly amount: number;
}

export interface Agreement {
  readonly pieces: number;
  readonly postage: Mills;
  readonly gaps: readonly LogGap[];
}

interface Counted {
  readonly pieceCount: number;
  readonly ascending: number;
  readonly postage: number;
}

/**
 * Compares the log with what the meter counts: each indicium says how much the meter had spent with it, so nothing between
 * two of them can be missing without being seen.
 * @param now what the meter says of itself; undefined where it was not asked
 */
export function agreementOf(
  { sql }: Books,
  meter: string,
  now: { readonly pieceCount: number; readonly ascending: Mills } | undefined,
): Agreement {
  const gaps: LogGap[] = [];
  let [pieces, postage] = [0, 0];
  let before: Counted | undefined;
  const rows = sql(
    'SELECT pieceCount, ascending, postage FROM debit WHERE meter = ? ORDER BY pieceCount, ascending',
  ).iterate(meter) as Iterable<unknown> as Iterable<Counted>;
  const last = now === undefined ? [] : [{ ...now, pieceCount: now.pieceCount + 1, postage: 0 }];
  for (const row of rows) {
    pieces += 1;
    postage += row.postage;
    note(row);
  }
  if (pieces > 0) for (const row of last) note(row);
  return { pieces, postage: mills(postage), gaps };

  function note(row: Counted): void {
    if (before !== undefined) {
      const missed = Math.max(0, row.pieceCount - before.pieceCount - 1);
      const amount = row.ascending - row.postage - before.ascending;
      if (missed > 0 || amount !== 0)
        gaps.push({ afterPiece: before.pieceCount, pieces: missed, amount });
    }
    before = row;
  }
}
