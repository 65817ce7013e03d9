/**
 * Pieces that are on record with their indicium: one is printed once more, which the meter writes down, or given up as
 * spoiled (requirements.md B7, C5, F6; domain.md R35, R38).
 */

import { JournalError } from './checked-lines.ts';
import { type IssuingMeter, meterName } from './issue.ts';
import type { Meter } from './meter.ts';
import type { PendingEntry, PendingJournal } from './pending.ts';
import type { CallOptions } from './session.ts';

/** A piece that was issued. */
export type IssuedEntry = PendingEntry & { readonly indicium: Uint8Array };

/**
 * The piece that a reference names, the latest where it was refused before.
 * @param meter its name, `TS01-0000000042`
 * @throws JournalError where none is on record, or it has no indicium, or was given up
 */
export function issuedPiece(
  journal: PendingJournal,
  meter: string,
  reference: string,
): IssuedEntry {
  const entry = journal.entries(meter).findLast(({ piece }) => piece.reference === reference);
  if (entry === undefined) throw new JournalError(reference, `${meter} made no such piece here`);
  if (entry.state !== 'issued' || entry.indicium === undefined)
    throw new JournalError(reference, `this piece is ${entry.state}`);
  return { ...entry, indicium: entry.indicium };
}

/**
 * Has the meter give an indicium once more, the very same, and write that down.
 * @param meter with its user logged in
 * @throws JournalError as {@link issuedPiece} · RefusedError `originalUnknown` where it has no record of it any more
 */
export async function reprint(
  meter: Pick<IssuingMeter, 'address' | 'server'> & Pick<Meter, 'reprintIndicium'>,
  journal: PendingJournal,
  reference: string,
  options: CallOptions = {},
): Promise<IssuedEntry> {
  const entry = issuedPiece(journal, meterName(meter), reference);
  const { indicium } = await meter.reprintIndicium(entry.requestId, options);
  return { ...entry, indicium };
}
