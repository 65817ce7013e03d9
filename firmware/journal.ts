/**
 * The journal: a ring of flash sectors that holds one record per transaction, newest wins (architecture.md decisions 5
 * and 6; reliability.md 2; every byte in docs/flash.md).
 *
 * Why it is safe: a record counts only with its tag, which is programmed last. The next sector is erased only when the
 * active one is full, and never the one that holds the newest state. At power-up one slot is skipped, because a program
 * that began and changed nothing leaves a slot that looks blank; and the state found is pinned by a copy two sequence
 * numbers ahead, so that a record which reads as torn now and as whole later can never win.
 */

import type { Flash } from '#hw/flash';
import type { Crypto } from '#protocol/crypto';
import type { FlashLayout } from './flash-layout.ts';
import { createJournalIndex } from './journal-index.ts';
import {
  AUDIT_HEAD_OFFSET,
  denied,
  EXTRA_SIZE,
  encodeSignatureRecord,
  encodeStateRecord,
  FORMAT_VERSION,
  type MeterState,
  NO_DETAIL,
  requestKey,
  type SignatureContent,
  type SignatureRecord,
  type StateRecord,
  type StateRecordType,
  signatureRecord,
  stateRecord,
} from './journal-record.ts';
import {
  begunBehind,
  committedBody,
  createWriter,
  eraseRing,
  isFreshRing,
  placeBehind,
  type Ring,
  ringOf,
  type Slot,
  scanRing,
} from './journal-ring.ts';

/** A debit as it was recorded, with its signature if that came to be recorded too. */
export interface RecordedDebit {
  readonly debit: StateRecord;
  readonly signature: SignatureRecord | undefined;
}

export interface Journal {
  readonly state: StateRecord;
  /** Whether a state was lost that a signature came after: what was said then is more than what is known now. */
  readonly hasGap: boolean;
  /**
   * To be called once at power-up, before anything is said: writes down again what was found, so that it stays.
   * @throws Fault `flashFailed`
   */
  pin(): void;
  /** Makes a new state the truth, once {@link Journal.sync} has returned. @throws Fault `flashFailed` */
  append(type: StateRecordType, next: MeterState): StateRecord;
  appendSignature(signature: SignatureContent): SignatureRecord;
  /** The debit of a piece or service with this request id, while the ring still holds it. */
  find(counter: number, nonce: number): RecordedDebit | undefined;
  /** The debit that made a piece, while the ring still holds it. */
  findPiece(piece: number): StateRecord | undefined;
  /** Whether a piece was redated; to be believed where {@link findPiece} finds it, since a redate is written later. */
  isRedated(piece: number): boolean;
  sync(): void;
}

/**
 * A signature with nothing but pins behind it, as it was read once, since it may read otherwise the next time; or, where
 * none was read, the number of the record in front of the pins. Undefined where the newest state is no pin, or one that
 * says itself that there was no signature before it.
 */
type Unsettled =
  | { readonly type: 'signature'; readonly signature: SignatureRecord }
  | { readonly type: 'pins'; readonly since: number }
  | undefined;

/** The newest committed record of the ring, and the newest committed state. */
interface Found {
  readonly last: Slot;
  readonly unsettled: Unsettled;
  readonly stateSlot: Slot;
  readonly state: StateRecord;
  readonly hasGap: boolean;
}

/** Signatures follow their debit without a gap in the numbers, since each is written when all before it is whole. */
function newest(ring: Ring, slots: readonly Slot[]): Found | undefined {
  let last: Slot | undefined;
  let lastSignature: SignatureRecord | undefined;
  let previous: number | undefined;
  let hasGap = false;
  for (const [place, slot] of slots.entries()) {
    const body = committedBody(ring, slot);
    if (body === undefined) continue;
    hasGap ||= previous !== undefined && previous - slot.sequence > 1; // 0 where a bad slot was written again
    previous = slot.sequence;
    if (slot.type !== 'signature') {
      const state = stateRecord.decode(body);
      const unsettled: Unsettled =
        lastSignature === undefined
          ? unsettledOf(ring, state, slots.slice(place))
          : { type: 'signature', signature: lastSignature };
      return { last: last ?? slot, unsettled, stateSlot: slot, state, hasGap };
    }
    if (last === undefined) lastSignature = decodeSignature(body);
    last ??= slot;
  }
  return undefined;
}

/** What the pins stand on: power may have failed before the signature was written down again behind them. */
function unsettledOf(ring: Ring, state: StateRecord, slots: readonly Slot[]): Unsettled {
  if (state.type !== 'pin' || state.detail.kind !== 'none' || state.detail.original !== 0)
    return undefined;
  let firstPin = state.sequence;
  for (const slot of slots) {
    const isVoid = slot.sequence === firstPin - 1;
    const body = isVoid ? undefined : committedBody(ring, slot);
    if (body === undefined) continue;
    if (slot.type === 'pin' && !slot.deniesSignature) {
      firstPin = slot.sequence;
      continue;
    }
    return slot.type === 'signature'
      ? { type: 'signature', signature: decodeSignature(body) }
      : { type: 'pins', since: slot.sequence };
  }
  return { type: 'pins', since: 0 };
}

const decodeSignature = (body: Uint8Array): SignatureRecord => signatureRecord.decode(body);

const keyOf = ({ requestId: { counter, nonce } }: Pick<MeterState, 'requestId'>): string =>
  requestKey(counter, nonce);

interface Beginning {
  readonly state: StateRecord;
  readonly slots: readonly Slot[];
  /** Undefined where the ring was just erased. */
  readonly found: Found | undefined;
}

const settled = (state: MeterState): MeterState => ({ ...state, detail: NO_DETAIL });

function createJournal(ring: Ring, { state: first, slots, found }: Beginning): Journal {
  let state = first;
  const index = createJournalIndex(ring, () => state);
  for (const slot of slots) index.add(slot);
  const place = found === undefined ? { sector: 0, index: 0 } : placeBehind(ring, found.last);
  const writer = createWriter(ring, place, index.forget);
  if (found !== undefined) writer.protect(found.stateSlot);
  let sequence = found?.last.sequence ?? 0;

  function write(type: StateRecordType, next: MeterState, step: number): StateRecord {
    const header = { type, version: FORMAT_VERSION, sequence: sequence + step };
    const body = encodeStateRecord({ ...next, ...header, auditHead: new Uint8Array(16) });
    const auditHead = ring.crypto.sha256(state.auditHead, body).slice(0, 16);
    body.set(auditHead, AUDIT_HEAD_OFFSET);
    const slot = writer.write(body);
    writer.protect(slot);
    index.add(slot);
    sequence = slot.sequence;
    state = { ...next, ...header, auditHead };
    return state;
  }

  function writeSignature(signature: SignatureContent): SignatureRecord {
    const record = { extra: new Uint8Array(EXTRA_SIZE), ...signature, sequence: sequence + 1 };
    const slot = writer.write(encodeSignatureRecord(record));
    index.add(slot);
    sequence = record.sequence;
    return { ...record, type: 'signature', version: FORMAT_VERSION };
  }

  /**
   * One pin for each slot that was begun behind the last record, and one at least: where a torn record was read as whole at
   * a power-up that was cut itself, that one's pin has three numbers more than the last record, and may read as whole later.
   */
  function writePins(next: MeterState): void {
    const begun = found === undefined ? 0 : begunBehind(ring, found.last);
    const pinned = { ...next, powerCount: next.powerCount + 1 };
    for (let pins = 0; pins < Math.max(1, begun); pins += 1) write('pin', pinned, 2);
  }

  function findSignature(key: string, before?: number): SignatureRecord | undefined {
    const body = index.findSignature(key, before);
    return body === undefined ? undefined : decodeSignature(body);
  }

  /**
   * A debit that is signed is found by its own record, which was whole before it was signed; the pins behind it do not
   * repeat it, or they would outlive the signature and have it signed anew, with the licence of another day. The
   * signature itself is repeated where nothing but pins came behind it, since it may read as torn later. Where it reads
   * as torn now, the pin denies it for ever.
   */
  function pin(): void {
    const unsettled = found?.unsettled;
    switch (unsettled?.type) {
      case 'signature':
        writePins(keyOf(unsettled.signature) === keyOf(state) ? settled(state) : state);
        writeSignature(unsettled.signature);
        break;
      case 'pins': {
        const isSigned = findSignature(keyOf(state), unsettled.since) !== undefined;
        writePins(isSigned ? state : { ...state, detail: denied(state) });
        break;
      }
      case undefined:
        writePins(state);
    }
    ring.flash.sync();
  }

  return {
    get state() {
      return state;
    },
    hasGap: found?.hasGap ?? false,
    pin,
    append: (type, next) => write(type, next, 1),
    appendSignature: writeSignature,
    find(counter, nonce) {
      const key = requestKey(counter, nonce);
      const debit = index.findDebit(key);
      if (debit === undefined) return undefined;
      return { debit: stateRecord.decode(debit), signature: findSignature(key) };
    },
    findPiece(piece) {
      const debit = index.findPiece(piece);
      return debit === undefined ? undefined : stateRecord.decode(debit);
    },
    isRedated: (piece) => index.findRedate(piece) !== undefined,
    sync: () => ring.flash.sync(),
  };
}

/**
 * Opens the journal at power-up; {@link Journal.pin} is the next thing to do.
 * @param key 32 bytes that never leave the device; tags are made with it
 * @returns the journal; undefined where the ring holds no committed state
 */
export function openJournal(
  flash: Flash,
  layout: FlashLayout,
  crypto: Crypto,
  key: Uint8Array,
): Journal | undefined {
  const ring = ringOf(flash, layout, crypto, key);
  const slots = scanRing(ring);
  const found = newest(ring, slots);
  return found && createJournal(ring, { state: found.state, slots, found });
}

/**
 * Begins a journal on a fresh ring: erases it and writes the first record.
 * @returns undefined where the ring is not as the factory left it
 */
export function formatJournal(
  flash: Flash,
  layout: FlashLayout,
  crypto: Crypto,
  key: Uint8Array,
  first: MeterState,
): Journal | undefined {
  const ring = ringOf(flash, layout, crypto, key);
  if (!isFreshRing(ring)) return undefined;
  eraseRing(ring);
  const header = { type: 'format', version: FORMAT_VERSION, sequence: 0 } as const;
  const state: StateRecord = { ...first, ...header, auditHead: new Uint8Array(16) };
  const journal = createJournal(ring, { state, slots: [], found: undefined });
  journal.append('format', first);
  journal.sync();
  return journal;
}
