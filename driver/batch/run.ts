/**
 * Running a job, from wherever it is: each piece charged once and printed once, in the order of the list (requirements.md
 * C4, F6).
 *
 * While one label is printed the next piece is charged already, so that what both need on disk first takes one sync. When
 * it stops, at most that one piece is charged and not printed; it is the first when the job goes on.
 */

import type { Crypto } from '#protocol/crypto';
import { dateOf } from '#protocol/documents/date';
import { type Mailing, mailingDateOf } from '../mailing-date.ts';
import { type Consent, settleBefore } from './before-charging.ts';
import { type BatchMeter, beginCharging, type Charging, RatesMoved } from './charging.ts';
import type { Job, JobPiece } from './job.ts';
import type { JobFigures } from './job-description.ts';
import type { PieceChange } from './job-journal.ts';
import { chargedPrice } from './list-price.ts';
import { type PiecePrinter, sendLabel } from './piece-printing.ts';

export interface RunJobOptions<Label> extends Consent {
  /** Without one the pieces are charged; they can be printed when the job goes on. */
  readonly printer?: PiecePrinter<Label> | undefined;
  /** Ends the run behind the piece that is under way. */
  readonly stop?: AbortSignal | undefined;
  /** Told each piece that something came of. */
  readonly onPiece?: ((piece: JobPiece) => void) | undefined;
  /** When mail is collected, for pieces without a date of their own; unless given, they are dated today. */
  readonly mailing?: Mailing | undefined;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now?: (() => number) | undefined;
  /** Node's unless given. */
  readonly crypto?: Pick<Crypto, 'randomBytes'> | undefined;
}

/**
 * Goes on until all is done, stopped, or something fails; calling it again goes on from there.
 * @param meter with its user logged in
 * @returns the figures of the job
 * @throws RefusedError, LinkError, PrinterError, JournalError, BatchError `otherMeter`, `fundsShort`, `highValue`,
 * `ratesChanged`
 */
export async function runJob<Label = unknown>(
  job: Job,
  meter: BatchMeter,
  options: RunJobOptions<Label> = {},
): Promise<JobFigures> {
  const { printer, mailing, now = Date.now, crypto } = options;
  const { confirmsHighValues: isConfirmed = false } = options;
  const today = () => (mailing === undefined ? dateOf(now()) : mailingDateOf(now(), mailing));
  await printer?.checkReady();
  try {
    for (let isThrough = false; !isThrough; ) {
      const charging = await beginCharging(job, meter, { today, isConfirmed, crypto });
      await settleBefore(job, meter, charging.registers, options);
      isThrough = await goThrough(job, charging, options);
    }
  } finally {
    await job.append([], true);
  }
  return job.figures;
}

/** Goes through the list once. @returns false where the rates changed in the middle of it */
async function goThrough<Label>(
  job: Job,
  charging: Charging,
  options: RunJobOptions<Label>,
): Promise<boolean> {
  const { stop, printer } = options;
  await using work = workOf(job, printer !== undefined);
  let printed: JobPiece | undefined;
  try {
    for (;;) {
      const following = stop?.aborted === true ? undefined : (await work.next()).value;
      if (printed === undefined && following === undefined) return true;
      await advance(job, charging, options, { printed, following });
      printed = printer !== undefined && isIssued(job, following) ? following : undefined;
    }
  } catch (error) {
    if (error instanceof RatesMoved) return false;
    throw error;
  }
}

const isIssued = (job: Job, piece: JobPiece | undefined): boolean =>
  piece !== undefined && job.record(piece.index).state === 'issued';

/** What is still to be charged or printed, as it is when its turn comes. */
async function* workOf(job: Job, isPrinting: boolean): AsyncGenerator<JobPiece, undefined> {
  for await (const piece of job.pieces()) {
    const { state } = piece.record;
    if (state === 'planned' || (isPrinting && state === 'issued')) yield piece;
  }
}

/** What is noted of a piece before the meter is asked for it; without a price, or a label, it never is. */
function beginningOf(
  job: Job,
  charging: Charging,
  piece: JobPiece,
  problem: string | undefined,
): PieceChange {
  const { index, postage } = piece;
  if (problem !== undefined) return { piece: index, step: 'refused', reason: problem };
  if (postage !== undefined)
    return { piece: index, step: 'intended', intention: charging.intend({ ...piece, postage }) };
  const price = chargedPrice(job.rates, piece);
  return { piece: index, step: 'refused', reason: price.ok ? 'amountInvalid' : price.status };
}

/**
 * One step: prints one piece, and charges the one behind it. Neither failing keeps the other from its end.
 * @throws the reason of the printer before that of the meter: it is the one that a person must look after
 */
async function advance<Label>(
  job: Job,
  charging: Charging,
  { printer, onPiece }: RunJobOptions<Label>,
  { printed, following }: { printed: JobPiece | undefined; following: JobPiece | undefined },
): Promise<void> {
  const charged = following?.record.state === 'planned' ? following : undefined;
  const label =
    printed === undefined || printer === undefined
      ? undefined
      : { value: printer.compose(printed, await job.indicium(printed.index)) };
  if (charged !== undefined) await printer?.checkReady();

  const begun: PieceChange[] = [];
  if (printed !== undefined) begun.push({ piece: printed.index, step: 'sending' });
  if (charged !== undefined)
    begun.push(beginningOf(job, charging, charged, printer?.problemWith?.(charged)));
  if (begun.length > 0) await job.append(begun, true);

  const tell = (piece: JobPiece): void => onPiece?.({ ...piece, record: job.record(piece.index) });
  async function print(): Promise<void> {
    if (printed === undefined || printer === undefined || label === undefined) return;
    await sendLabel(job, printer, printed, label.value);
    tell(printed);
  }
  async function charge(): Promise<void> {
    if (charged === undefined) return;
    if (job.record(charged.index).state === 'intended') await charging.charge(charged);
    tell(charged);
  }
  for (const result of await Promise.allSettled([print(), charge()]))
    if (result.status === 'rejected') throw result.reason;
}
