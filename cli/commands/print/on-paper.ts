/** What becomes of a piece on paper: noted before the printer gets it, and told with what a person can do (requirements.md F6). */

import { isUnprinted } from '#driver/paper-state';
import type { PendingEntry } from '#driver/pending';
import { PrinterError } from '#driver/print/printer-error';
import { Failure } from '../../failure.ts';

const asWord = (reference: string): string =>
  /^[\w.:-]+$/.test(reference) ? reference : JSON.stringify(reference);

/** Whatever fails behind the charge, the piece can be had again under its reference. */
export function kept(error: unknown, reference: string): Failure {
  const reason = error instanceof PrinterError ? error.problem : 'notDelivered';
  const message = error instanceof Error ? error.message : String(error);
  const isOnPaper = error instanceof PrinterError && error.stage === 'after first byte';
  const way = isOnPaper
    ? wayOut(reference)
    : `print it again with the same options and --reference ${asWord(reference)}.`;
  return new Failure(reason, message, `The indicium is paid and kept: ${way}`);
}

/** What a person can do about a piece of which some, or all, may be on paper. */
function wayOut(reference: string): string {
  const word = asWord(reference);
  return (
    `look. If the label is whole, say tessera printed ${word} --whole; if not, have the same indicium printed once more ` +
    `with print --reprint ${word}, or claim it with spoilage submit ${word}.`
  );
}

/** The same reference is not sent to a printer twice: that is said with --reprint, and stands on the label. */
export function refusePrinted({ paper, piece: { reference = '' } }: PendingEntry): void {
  if (isUnprinted(paper)) return;
  if (paper?.state === 'sending')
    throw new Failure(
      'maybePrinted',
      `Some of piece ${reference} may be on paper: it was being sent when the printer or this computer stopped.`,
      `Nothing was charged or sent: ${wayOut(reference)}`,
    );
  throw new Failure(
    'alreadyPrinted',
    `Piece ${reference} went to a printer before, which ${paper?.state === 'sent' ? 'does not say whether it printed' : 'says it is on paper'}.`,
    `Nothing was charged or sent: ${wayOut(reference)}`,
  );
}
