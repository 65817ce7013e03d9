/**
 * What only a person decides about a piece: that it is on paper, that it is printed once more, that it is spoiled
 * (requirements.md B7, F6).
 */

import { RefusedError } from '../errors.ts';
import type { Meter } from '../meter.ts';
import { BatchError } from './batch-error.ts';
import type { Job, JobPiece } from './job.ts';
import { type PiecePrinter, sendLabel } from './piece-printing.ts';
import { mayFollow, type PieceStep } from './piece-state.ts';

/** What is asked of a meter for a reprint. */
type ReprintingMeter = Pick<Meter, 'reprintIndicium'>;

/**
 * Prints the same indicium once more, at no charge, and flagged beside its symbol; the meter writes down that it gave it
 * again. Whoever verifies both finds the second one to be a duplicate: only for a label that is not whole, or was
 * destroyed.
 * @param meter with its user logged in
 * @throws BatchError `pieceUnknown`, `pieceState` · PrinterError · RefusedError, LinkError
 */
export async function reprintPiece<Label>(
  job: Job,
  meter: ReprintingMeter,
  reference: string,
  printer: PiecePrinter<Label>,
): Promise<void> {
  const piece = await pieceFor(job, reference, 'reprinting');
  const label = printer.compose(piece, await job.indicium(piece.index), true);
  await printer.checkReady();
  await noteReprint(meter, piece);
  await job.append([{ piece: piece.index, step: 'reprinting' }], true);
  try {
    await sendLabel(job, printer, piece, label);
  } finally {
    await job.append([], true);
  }
}

/** A meter that has made many pieces since has no record of this one any more: then only the job counts the reprint. */
async function noteReprint(meter: ReprintingMeter, { record }: JobPiece): Promise<void> {
  if (record.intention === undefined) throw new Error('a piece on paper was not asked for');
  try {
    await meter.reprintIndicium(record.intention.requestId);
  } catch (error) {
    if (!(error instanceof RefusedError) || error.status !== 'originalUnknown') throw error;
  }
}

/**
 * Puts a piece that is charged on the list of those to be refunded. It is never printed again.
 * @throws BatchError `pieceUnknown`, `pieceState`
 */
export async function spoilPiece(job: Job, reference: string, reason: string): Promise<void> {
  const { index } = await pieceFor(job, reference, 'spoiled');
  await job.append([{ piece: index, step: 'spoiled', reason }], true);
}

/**
 * Notes that a person saw the whole label on paper; of one that is known to be there nothing is left to note.
 * @throws BatchError `pieceUnknown`, `pieceState`
 */
export async function acceptPiece(job: Job, reference: string): Promise<void> {
  if ((await job.piece(reference)).record.state === 'confirmed') return;
  const { index } = await pieceFor(job, reference, 'accepted');
  await job.append([{ piece: index, step: 'accepted' }], true);
}

async function pieceFor(job: Job, reference: string, step: PieceStep['step']): Promise<JobPiece> {
  const piece = await job.piece(reference);
  if (!mayFollow(piece.record, step))
    throw new BatchError('pieceState', `Piece ${reference} is ${piece.record.state}`);
  return piece;
}
