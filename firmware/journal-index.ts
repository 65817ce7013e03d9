/**
 * What the journal knows of its ring: which slots claim which transaction. A claim is checked by its tag when it is used,
 * and forgotten when its sector is erased, so that the index never holds more than the ring.
 */

import type { MeterState } from './journal-record.ts';
import { committedBody, type Ring, type Slot } from './journal-ring.ts';

export interface JournalIndex {
  add(slot: Slot): void;
  /** What a sector held is gone. */
  forget(sector: number): void;
  /** The body of a debit or of the charge of a service, or of a pin right behind it, with this request key; undefined where none counts. */
  findDebit(requestKey: string): Uint8Array | undefined;
  /** @param before only of signatures with a lower number */
  findSignature(requestKey: string, before?: number): Uint8Array | undefined;
  /** The body of the debit that made a piece; undefined where none counts. */
  findPiece(piece: number): Uint8Array | undefined;
  /** The body of the debit that redated a piece; undefined where none counts. */
  findRedate(piece: number): Uint8Array | undefined;
}

type Counts = Pick<MeterState, 'pieceCount' | 'certificatePieceCount'>;

type Slots<Key> = Map<Key, Slot[]>;

/** Keeps the newest in front. */
function addTo<Key>(map: Slots<Key>, key: Key, slot: Slot): void {
  const slots = map.get(key) ?? [];
  const place = slots.findIndex(({ sequence }) => sequence < slot.sequence);
  slots.splice(place < 0 ? slots.length : place, 0, slot);
  map.set(key, slots);
}

function removeFrom<Key>(map: Slots<Key>, key: Key, slot: Slot): void {
  const left = (map.get(key) ?? []).filter((each) => each !== slot);
  if (left.length === 0) map.delete(key);
  else map.set(key, left);
}

/** Whether the number of a slot is none that was reached, or another request has it. */
function isOfNone(
  ring: Ring,
  { requestKey, sequence }: Slot,
  number: number | undefined,
  count: number,
  numbered: Slots<number>,
): boolean {
  if (number === undefined) return false;
  return (
    number > count ||
    (numbered.get(number) ?? []).some(
      (other) =>
        other.requestKey !== requestKey &&
        other.sequence > sequence &&
        committedBody(ring, other) !== undefined,
    )
  );
}

/** @param newest state, for its counts of pieces and services */
export function createJournalIndex(ring: Ring, newest: () => Counts): JournalIndex {
  const debits: Slots<string> = new Map();
  const signatures: Slots<string> = new Map();
  const pieces: Slots<number> = new Map();
  const services: Slots<number> = new Map();
  const redates: Slots<number> = new Map();
  /** By sequence number. A torn pin and the one that took its place may have the same. */
  const pins: Slots<number> = new Map();
  /** Pins, by the request whose signature they deny. */
  const denials: Slots<string> = new Map();
  const bySector: Slots<number> = new Map();

  const isCommitted = (slot: Slot): boolean => committedBody(ring, slot) !== undefined;

  /** A pin passes over the number before it: what bears that number never happened. */
  const isPassedOver = ({ sequence }: Slot): boolean =>
    (pins.get(sequence + 1) ?? []).some(isCommitted);

  /**
   * That pin may read as torn itself, where it was cut. But a debit that never happened has the number of a piece or service
   * that does not exist, or that another request has made since.
   */
  const isOfNoPiece = (slot: Slot): boolean => {
    const { pieceCount, certificatePieceCount } = newest();
    const { debitedPiece, chargedService } = slot;
    return (
      isOfNone(ring, slot, debitedPiece, pieceCount, pieces) ||
      isOfNone(ring, slot, chargedService, certificatePieceCount, services)
    );
  };

  const isDenied = ({ type, requestKey, sequence }: Slot): boolean =>
    type === 'signature' &&
    (denials.get(requestKey) ?? []).some((pin) => pin.sequence > sequence && isCommitted(pin));

  function find(slots: readonly Slot[] | undefined): Uint8Array | undefined {
    for (const slot of slots ?? []) {
      const isVoid = isPassedOver(slot) || isOfNoPiece(slot) || isDenied(slot);
      const body = isVoid ? undefined : committedBody(ring, slot);
      if (body !== undefined) return body;
    }
    return undefined;
  }

  return {
    add(slot) {
      addTo(bySector, ring.sectorOf(slot), slot);
      const { debitedPiece, chargedService, redatedPiece } = slot;
      if (debitedPiece !== undefined || chargedService !== undefined)
        addTo(debits, slot.requestKey, slot);
      if (debitedPiece !== undefined) addTo(pieces, debitedPiece, slot);
      if (chargedService !== undefined) addTo(services, chargedService, slot);
      if (redatedPiece !== undefined) addTo(redates, redatedPiece, slot);
      if (slot.type === 'signature') addTo(signatures, slot.requestKey, slot);
      if (slot.type === 'pin') addTo(pins, slot.sequence, slot);
      if (slot.deniesSignature) addTo(denials, slot.requestKey, slot);
    },
    forget(sector) {
      for (const slot of bySector.get(sector) ?? []) {
        const { requestKey, sequence, debitedPiece, chargedService, redatedPiece } = slot;
        for (const map of [debits, signatures, denials]) removeFrom(map, requestKey, slot);
        if (debitedPiece !== undefined) removeFrom(pieces, debitedPiece, slot);
        if (chargedService !== undefined) removeFrom(services, chargedService, slot);
        if (redatedPiece !== undefined) removeFrom(redates, redatedPiece, slot);
        removeFrom(pins, sequence, slot);
      }
      bySector.delete(sector);
    },
    findDebit: (requestKey) => find(debits.get(requestKey)),
    findSignature: (requestKey, before = Number.POSITIVE_INFINITY) =>
      find(signatures.get(requestKey)?.filter(({ sequence }) => sequence < before)),
    findPiece: (piece) => find(pieces.get(piece)),
    findRedate: (piece) => find(redates.get(piece)),
  };
}
