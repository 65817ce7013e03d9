/**
 * Running a job, from wherever it is: each piece charged once and printed once, in the order of the list (requirements.md
 * C4, F6).
 *
 * While one label is printed the next piece is charged already, so that what both need on disk first takes one sync. When
 * it stops, at most that one piece is charged and not printed; it is the first when the job goes on.
 */

import { formatMills, type Mills, mills } from '#protocol/mills';
import type { IssuingMeter } from '../issue.ts';
import { BatchError } from './batch-error.ts';
import { beginCharging, type Charging } from './charging.ts';
import type { Job, JobFigures, JobPiece } from './job.ts';
import type { PieceChange } from './job-journal.ts';
import { type PiecePrinter, sendLabel } from './piece-printing.ts';

export interface RunJobOptions<Label> {
  /** Without one the pieces are charged; they can be printed when the job goes on. */
  readonly printer?: PiecePrinter<Label> | undefined;
  /** Ends the run behind the piece that is under way. */
  readonly stop?: AbortSignal | undefined;
  /** Whether to begin where the funds do not reach for all of it. */
  readonly allowsShort?: boolean | undefined;
  /** Told once, before the first debit. */
  readonly onStart?: ((funds: JobFunds) => void) | undefined;
  /** Told each piece that something came of. */
  readonly onPiece?: ((piece: JobPiece) => void) | undefined;
  /** Today, for pieces without a date of their own. */
  readonly now?: (() => number) | undefined;
}

/** What the job may still charge, and what the meter has. */
export interface JobFunds {
  readonly toCharge: Mills;
  readonly descending: Mills;
}

/**
 * Goes on until all is done, stopped, or something fails; calling it again goes on from there.
 * @param meter with its user logged in
 * @returns the figures of the job
 * @throws RefusedError, LinkError, PrinterError, JournalError, BatchError `otherMeter`, `fundsShort`
 */
export async function runJob<Label = unknown>(
  job: Job,
  meter: IssuingMeter,
  options: RunJobOptions<Label> = {},
): Promise<JobFigures> {
  const { stop, printer, now = Date.now } = options;
  await printer?.checkReady();
  try {
    const charging = await beginCharging(job, meter, now);
    checkFunds(job, charging, options);
    await using work = workOf(job, printer !== undefined);
    let printed: JobPiece | undefined;
    for (;;) {
      const following = stop?.aborted === true ? undefined : (await work.next()).value;
      if (printed === undefined && following === undefined) break;
      await advance(job, charging, options, { printed, following });
      printed = printer !== undefined && isIssued(job, following) ? following : undefined;
    }
  } finally {
    await job.append([], true);
  }
  return job.figures;
}

const isIssued = (job: Job, piece: JobPiece | undefined): boolean =>
  piece !== undefined && job.record(piece.index).state === 'issued';

function checkFunds<Label>(
  { figures: { toCharge } }: Job,
  { descending }: Charging,
  { onStart, allowsShort = false }: RunJobOptions<Label>,
): void {
  const funds = { toCharge, descending: mills(descending) };
  onStart?.(funds);
  if (toCharge > descending && !allowsShort) {
    const [needs, has] = [formatMills(toCharge), formatMills(funds.descending)];
    throw new BatchError('fundsShort', `The job still needs ${needs}, and the meter has ${has}`);
  }
}

/** What is still to be charged or printed, as it is when its turn comes. */
async function* workOf(job: Job, isPrinting: boolean): AsyncGenerator<JobPiece, undefined> {
  for await (const piece of job.pieces()) {
    const { state } = piece.record;
    if (state === 'planned' || (isPrinting && state === 'issued')) yield piece;
  }
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
    begun.push({ piece: charged.index, step: 'intended', intention: charging.intend(charged) });
  if (begun.length > 0) await job.append(begun, true);

  const tell = (piece: JobPiece): void => onPiece?.({ ...piece, record: job.record(piece.index) });
  async function print(): Promise<void> {
    if (printed === undefined || printer === undefined || label === undefined) return;
    await sendLabel(job, printer, printed, label.value);
    tell(printed);
  }
  async function charge(): Promise<void> {
    if (charged === undefined) return;
    await charging.charge(charged);
    tell(charged);
  }
  for (const result of await Promise.allSettled([print(), charge()]))
    if (result.status === 'rejected') throw result.reason;
}
