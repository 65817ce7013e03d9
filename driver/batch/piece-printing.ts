/**
 * Printing the pieces of a job: what is about to be sent is durable before its first byte, and from then on only a
 * person has it printed again (requirements.md F6; printing.md 5).
 */

import type { PrintOutcome } from '../print/print-job.ts';
import { PrinterError } from '../print/printer-error.ts';
import type { Job, JobPiece } from './job.ts';

/** A printer as a job needs it; {@link labelPrinter} makes one. */
export interface PiecePrinter<Label = unknown> {
  /** @throws PrinterError where it says that it cannot print: asked before each debit */
  checkReady(): Promise<void>;
  /** Why the label of a piece could not be composed, by name; asked before the piece is charged. */
  problemWith?(piece: JobPiece): string | undefined;
  /** Composes the label of a piece; nothing is sent. @param isReprint whether it may be on paper already */
  compose(piece: JobPiece, indicium: Uint8Array, isReprint?: boolean): Label;
  /** Sends it, once. @throws PrinterError with the stage */
  print(label: Label): Promise<PrintOutcome>;
}

/**
 * Sends the label of a piece that is noted as being sent, and notes what came of it.
 * @throws PrinterError; the piece is as before where nothing had left, and else stays `sending`
 */
export async function sendLabel<Label>(
  job: Job,
  printer: PiecePrinter<Label>,
  { index }: JobPiece,
  label: Label,
): Promise<void> {
  let outcome: PrintOutcome;
  try {
    outcome = await printer.print(label);
  } catch (error) {
    if (error instanceof PrinterError && error.stage === 'before first byte')
      await job.append([{ piece: index, step: 'unsent' }], false);
    throw error;
  }
  await job.append([{ piece: index, step: outcome }], false);
}
