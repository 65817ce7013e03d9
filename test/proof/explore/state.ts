/** One state of the explored world: what meter, provider and line hold, and how it came about. */

import type { FlashSnapshot } from '#emulator/flash';
import type { MeterState } from '#firmware/journal-record';
import type { RefillWish } from '#firmware/registers';
import { type Document, type DocumentKind, inShort } from './line.ts';
import type { Asked, Cut } from './meter-side.ts';
import type { Books, Rows } from './provider-side.ts';

/** What can happen next. Documents are named by their place on the line. */
export type Step =
  | { readonly kind: 'ask'; readonly wish: RefillWish; readonly cut?: Cut }
  | { readonly kind: 'print'; readonly piece: number; readonly cut?: Cut }
  | { readonly kind: 'offer' | 'readProof' | 'restart'; readonly cut?: Cut }
  | {
      readonly kind: 'deliver';
      readonly document: number;
      readonly to: DocumentKind;
      readonly cut?: Cut;
    }
  /** The flash is put back to what it was in the beginning. */
  | { readonly kind: 'rollBack' };

/** What the host was told, and what must stay so for ever. */
export interface Told {
  readonly received: number;
  readonly ascending: number;
  readonly indicia: ReadonlyMap<number, string>;
}

export interface State {
  readonly path: readonly Step[];
  /** The flash at the last power-up, and what was asked since. */
  readonly flash: FlashSnapshot;
  readonly since: readonly Asked[];
  /** How often power came up, which seeds the noise: no nonce is drawn twice. */
  readonly powerUps: number;
  /** Everything that meter and provider ever said; the line may deliver any of it, any time, any number of times. */
  readonly line: readonly Document[];
  /** How often each document of the line was credited. */
  readonly credits: readonly number[];
  readonly rows: Rows;
  readonly books: Books;
  readonly meter: MeterState;
  /** Whether a key of the meter, sealed, is still somewhere on the flash. */
  readonly hasKeys: boolean;
  readonly told: Told;
  readonly cutsLeft: number;
  readonly rollBacksLeft: number;
  readonly isRolledBack: boolean;
  /** Whether the meter is one that pays afterwards. */
  readonly isCurrent: boolean;
  /** What the last answer contradicts. */
  readonly contradiction: string | undefined;
}

/** All that ever came into a meter. What one that pays afterwards credits itself is not among it. */
export function receivedBy(
  { credited, spoilageCredited, certificateCredited, settled }: MeterState,
  isCurrent: boolean,
): number {
  return (isCurrent ? settled : credited) + spoilageCredited + certificateCredited;
}

/**
 * What makes a state another one. Times, sequence numbers of the journal and places on the flash are left out, and nonces are
 * numbered in the order in which they were drawn.
 */
export function keyOf(state: State): string {
  const nonces = new Map<string, number>();
  const nonce = (bytes: Uint8Array): number => {
    const text = Buffer.from(bytes).toString('hex');
    const known = nonces.get(text) ?? nonces.size;
    nonces.set(text, known);
    return known;
  };
  const line = state.line.map((document, at) => [inShort(document, nonce), state.credits[at]]);
  const { meter, told, rows, books } = state;
  return JSON.stringify([
    line.map((each) => each.join()).sort(),
    registersIn(meter),
    nonce(meter.refillNonce),
    books,
    rows.refills.map((row) => Number(row['sequence'])),
    rows.withdrawals.map((row) => [Number(row['sequence']), row['proof'] !== null]),
    rows.findings.length,
    [told.received, told.ascending, [...told.indicia.keys()].sort()],
    [state.cutsLeft, state.rollBacksLeft],
  ]);
}

const registersIn = (meter: MeterState): readonly unknown[] => [
  meter.lifeCycle,
  meter.ascending,
  meter.descending,
  meter.credited,
  meter.spoilageCredited,
  meter.settled,
  meter.withdrawn,
  meter.certificateDescending,
  meter.certificateCredited,
  meter.certificateWithdrawn,
  meter.pieceCount,
  meter.refillSequence,
  meter.refillPending,
  meter.refillKind,
  meter.refillAccount,
  meter.requestId.counter,
];

/** A step in words. */
export function inWords(step: Step): string {
  const cut = 'cut' in step && step.cut !== undefined ? inCut(step.cut) : '';
  switch (step.kind) {
    case 'ask':
      return `ask for ${step.wish.amount} (${step.wish.account} ${step.wish.kind})${cut}`;
    case 'print':
      return `print piece ${step.piece}${cut}`;
    case 'offer':
      return `offer all that is left${cut}`;
    case 'readProof':
      return `read the proof${cut}`;
    case 'deliver':
      return `deliver document ${step.document} as ${step.to}${cut}`;
    case 'restart':
      return `restart${cut}`;
    case 'rollBack':
      return 'the flash is put back';
  }
}

function inCut({ operation, how }: Cut): string {
  if (operation === undefined) return ', power fails before the answer';
  const lost = how.unsynced === 'lost' ? ', what was not synced is lost' : '';
  return `, power fails in operation ${operation} after ${how.tornBytes ?? 0} bytes${lost}`;
}
