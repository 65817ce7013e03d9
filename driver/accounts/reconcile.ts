/**
 * Makes the books whole (requirements.md F7): what the journal of single prints and the journals of jobs say was charged is
 * logged, each piece once by the id of its request, whatever was interrupted between the debit and its entry.
 */

import { resolve } from 'node:path';
import { BatchError } from '../batch/batch-error.ts';
import { type Job, openJob } from '../batch/job.ts';
import type { PendingEntry } from '../pending.ts';
import type { Books } from './books.ts';
import { isLogged, logDebit } from './postage-log.ts';

/** For whom something is charged; empty where that is nobody. */
export interface ChargedTo {
  readonly account: string;
  readonly user: string;
}

/** Notes for whom a piece will be, before the meter is asked: only where nothing is under way under its reference. */
export function planPrint(
  { sql }: Books,
  meter: string,
  reference: string,
  { account, user }: ChargedTo,
  nowMs: number,
): void {
  sql('INSERT OR REPLACE INTO plan VALUES (?, ?, ?, ?, ?)').run(
    ...([meter, reference, account, user, nowMs] as const),
  );
}

/** @returns how many were not on record */
export function reconcilePrints(
  books: Books,
  entries: readonly PendingEntry[],
  nowMs: number,
): number {
  return books.inOne(() => {
    let count = 0;
    for (const { meter, requestId, piece, indicium, state, reason } of entries) {
      if (state === 'spoiled') noteSpoiled(books, { meter, requestId, reason }, nowMs);
      if (indicium === undefined || isLogged(books, meter, requestId)) continue;
      const { reference = '' } = piece;
      const plan = books
        .sql('SELECT account, user, atMs FROM plan WHERE meter = ? AND reference = ?')
        .get(meter, reference) as (ChargedTo & { readonly atMs: number }) | undefined;
      const to = plan ?? { account: '', user: '', atMs: nowMs };
      logDebit(books, { ...to, meter, requestId, reference, job: '', indicium });
      count += 1;
    }
    return count;
  });
}

function noteSpoiled(
  { sql }: Books,
  { meter, requestId, reason = '' }: Pick<PendingEntry, 'meter' | 'requestId' | 'reason'>,
  nowMs: number,
): void {
  sql('INSERT OR IGNORE INTO spoiled VALUES (?, ?, ?, ?, ?)').run(
    ...([meter, requestId.counter, requestId.nonce, reason, nowMs] as const),
  );
}

/** For whom a job is; said when it is begun, and what is said first counts. */
export function planJob({ sql }: Books, directory: string, { account, user }: ChargedTo): void {
  sql(`INSERT INTO job VALUES (?, ?, ?, 0)
    ON CONFLICT (directory) DO UPDATE SET isSettled = 0,
    account = CASE account WHEN '' THEN excluded.account ELSE account END`).run(
    resolve(directory),
    account,
    user,
  );
}

/** Undefined for a job that was begun before there were books, or has another folder now. */
export function jobPlan({ sql }: Books, directory: string): ChargedTo | undefined {
  const row = sql('SELECT account, user FROM job WHERE directory = ?').get(resolve(directory));
  return row as unknown as ChargedTo | undefined;
}

/** Pieces of a job that are logged in one go. */
const PART_SIZE = 500;

/** @returns how many were not on record */
export async function reconcileJob(books: Books, job: Job, nowMs: number): Promise<number> {
  const to = jobPlan(books, job.directory) ?? { account: '', user: '' };
  const { meter } = job.description;
  let part: (() => void)[] = [];
  let count = 0;
  const flush = (): void => {
    const tasks = part;
    part = [];
    if (tasks.length > 0)
      books.inOne(() => {
        for (const task of tasks) task();
      });
  };
  for await (const { index, reference, record } of job.pieces()) {
    const { intention, indiciumAt, state, reason } = record;
    if (intention === undefined || indiciumAt === undefined) continue;
    const { requestId } = intention;
    if (state === 'spoiled')
      part.push(() => noteSpoiled(books, { meter, requestId, reason }, nowMs));
    if (isLogged(books, meter, requestId)) continue;
    const issued = await job.issued(index);
    const debit = { ...to, meter, requestId, reference, job: job.directory, ...issued };
    part.push(() => logDebit(books, debit));
    count += 1;
    if (part.length >= PART_SIZE) flush();
  }
  flush();
  const { planned, intended } = job.figures;
  if (planned + intended === 0)
    books.sql('UPDATE job SET isSettled = 1 WHERE directory = ?').run(resolve(job.directory));
  return count;
}

/** A job that cannot be looked into: somebody works on it, or its folder is gone. */
export interface UnsettledJob {
  readonly directory: string;
  readonly what: string;
}

/** Logs what jobs charged that were not ended, as after a crash. */
export async function reconcileJobs(books: Books, nowMs: number): Promise<readonly UnsettledJob[]> {
  const rows = books.sql('SELECT directory FROM job WHERE isSettled = 0').all();
  const unsettled: UnsettledJob[] = [];
  for (const { directory } of rows as unknown as { directory: string }[]) {
    try {
      await using job = await openJob(directory);
      await reconcileJob(books, job, nowMs);
    } catch (error) {
      if (!(error instanceof BatchError)) throw error;
      unsettled.push({ directory, what: error.what });
    }
  }
  return unsettled;
}
