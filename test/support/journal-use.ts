/** A journal used as the services use it, for tests: funds, and pieces of one mill, two mills, and so on. */

import type { Journal } from '#firmware/journal';
import { type MeterState, NO_DETAIL } from '#firmware/journal-record';
import { debit } from '#firmware/registers';
import { mills } from '#protocol/mills';
import { terms } from './terms.ts';

export function funded(journal: Journal): void {
  const value = mills(1_000_000);
  journal.append('refillCommit', { ...journal.state, descending: value, credited: value });
  journal.sync();
}

/** The debit of the next piece. @returns its counter */
export function debitNext(journal: Journal, nonce = 5): number {
  const counter = journal.state.requestId.counter + 1;
  const detail = { ...NO_DETAIL, kind: 'postage' as const, postage: mills(counter) };
  const next = debit(journal.state, terms(), { counter, nonce }, detail, 0);
  if (!next.ok) throw new Error(next.status);
  journal.append('debit', next.value);
  return counter;
}

/** Charges one mill more each time and records a signature, as the service does. */
export function charge(journal: Journal): void {
  const counter = debitNext(journal);
  journal.appendSignature({
    requestId: { counter, nonce: 5 },
    signature: new Uint8Array(64).fill(counter),
    certificateSerial: 1,
    originZip: 2,
    softwareId: new Uint8Array(6),
    keyId: new Uint8Array(8),
  });
  journal.sync();
}

export const registers = ({ ascending, descending, pieceCount }: MeterState): string =>
  `${pieceCount} pieces, ${ascending} spent, ${descending} left`;
