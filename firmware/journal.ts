/**
 * The journal: a ring of flash sectors that holds one record per transaction, newest wins (architecture.md decisions 5
 * and 6; reliability.md 2; every byte in docs/flash.md).
 *
 * Why it is safe: a record counts only with its tag, which is programmed last. The next sector is erased only when the
 * active one is full, so the newest state is never in a sector that is being erased. At power-up one slot is skipped,
 * because a program that began and changed nothing leaves a slot that looks blank; and the state found is pinned by a
 * copy two sequence numbers ahead, so that a record which reads as torn now and as whole later can never win.
 */

import type { Flash } from '#hw/flash';
import type { Crypto } from '#protocol/crypto';
import { Fault, invariant } from './fault.ts';
import { type FlashLayout, isBlank, readFlash } from './flash-layout.ts';
import {
  AUDIT_HEAD_OFFSET,
  type Claim,
  claimOf,
  encodeSignatureRecord,
  encodeStateRecord,
  FORMAT_VERSION,
  type MeterState,
  RECORD_BODY_SIZE,
  RECORD_SIZE,
  requestKey,
  type SignatureRecord,
  type StateRecord,
  type StateRecordType,
  signatureRecord,
  stateRecord,
} from './journal-record.ts';

/** Slots tried after one that did not take its record, before the flash counts as worn out. */
const BAD_SLOTS_MAX = 64;

/** A debit as it was recorded, with its signature if that came to be recorded too. */
export interface RecordedDebit {
  readonly debit: StateRecord;
  readonly signature: SignatureRecord | undefined;
}

export interface Journal {
  readonly state: StateRecord;
  /** Makes a new state the truth, once {@link Journal.sync} has returned. @throws Fault `flashFailed` */
  append(type: StateRecordType, next: MeterState): StateRecord;
  appendSignature(
    signature: Omit<SignatureRecord, 'type' | 'version' | 'sequence'>,
  ): SignatureRecord;
  /** The debit with this request id, while the ring still holds it. */
  find(counter: number, nonce: number): RecordedDebit | undefined;
  sync(): void;
}

interface Slot extends Claim {
  readonly offset: number;
}

/** What is known of the ring: claims, each checked by its tag when it is used. */
interface Index {
  readonly debits: Map<string, Slot[]>;
  readonly signatures: Map<string, Slot[]>;
  /** Pins by sequence number: what bears the number before one never happened. */
  readonly pins: Map<number, Slot>;
}

interface Ring {
  readonly flash: Flash;
  readonly crypto: Crypto;
  readonly key: Uint8Array;
  readonly sectors: number;
  readonly slotsPerSector: number;
  readonly offsetOf: (sector: number, slot: number) => number;
}

function ringOf(flash: Flash, layout: FlashLayout, crypto: Crypto, key: Uint8Array): Ring {
  return {
    flash,
    crypto,
    key,
    sectors: layout.journalSectors,
    slotsPerSector: Math.floor(flash.sectorSize / RECORD_SIZE),
    offsetOf: (sector, slot) =>
      layout.journalOffset + sector * flash.sectorSize + slot * RECORD_SIZE,
  };
}

function tagOf({ crypto, key }: Ring, body: Uint8Array): Uint8Array {
  return crypto.hmac(key, body).subarray(0, RECORD_SIZE - RECORD_BODY_SIZE);
}

/** The body of a slot, if its tag says that it was committed. */
function committedBody(ring: Ring, slot: Slot): Uint8Array | undefined {
  const bytes = readFlash(ring.flash, slot.offset, RECORD_SIZE);
  if (bytes.length < RECORD_SIZE) return undefined;
  const body = bytes.subarray(0, RECORD_BODY_SIZE);
  const tag = tagOf(ring, body);
  if (!tag.every((byte, at) => byte === bytes[RECORD_BODY_SIZE + at])) return undefined;
  return claimOf(bytes).sequence === slot.sequence ? body : undefined;
}

/** Reads the whole ring once: every slot that is not blank, newest claim first. */
function scanRing(ring: Ring): Slot[] {
  const slots: Slot[] = [];
  for (let sector = 0; sector < ring.sectors; sector++) {
    const data = readFlash(ring.flash, ring.offsetOf(sector, 0), ring.flash.sectorSize);
    for (let index = 0; index < ring.slotsPerSector; index++) {
      const bytes = data.subarray(index * RECORD_SIZE, (index + 1) * RECORD_SIZE);
      if (bytes.length < RECORD_SIZE || isBlank(bytes)) continue;
      slots.push({ ...claimOf(bytes), offset: ring.offsetOf(sector, index) });
    }
  }
  return slots.sort((a, b) => b.sequence - a.sequence);
}

function addTo(map: Map<string, Slot[]>, slot: Slot): void {
  const slots = map.get(slot.requestKey);
  if (slots === undefined) map.set(slot.requestKey, [slot]);
  else slots.push(slot);
}

function addToIndex(index: Index, slot: Slot): void {
  if (slot.holdsDebit) addTo(index.debits, slot);
  if (slot.type === 'signature') addTo(index.signatures, slot);
  if (slot.type === 'pin') index.pins.set(slot.sequence, slot);
}

/** The newest committed record of the ring, and the newest committed state. */
function newest(
  ring: Ring,
  slots: readonly Slot[],
): { last: Slot; state: StateRecord } | undefined {
  let last: Slot | undefined;
  for (const slot of slots) {
    const body = committedBody(ring, slot);
    if (body === undefined) continue;
    last ??= slot;
    if (slot.type !== 'signature') return { last, state: stateRecord.decode(body) };
  }
  return undefined;
}

/** Writes records one behind the other and moves on to the next sector when one is full. */
interface Writer {
  write(body: Uint8Array): Slot;
}

function createWriter(ring: Ring, firstSector: number, firstIndex: number): Writer {
  const { flash } = ring;
  let sector = firstSector;
  let index = firstIndex;

  function nextSlot(): number | undefined {
    if (index >= ring.slotsPerSector) {
      sector = (sector + 1) % ring.sectors;
      index = 0;
      if (flash.erase(ring.offsetOf(sector, 0)) !== 0) {
        index = ring.slotsPerSector; // a sector that does not erase any more is passed over
        return undefined;
      }
    }
    index += 1;
    return ring.offsetOf(sector, index - 1);
  }

  return {
    write(body) {
      const record = new Uint8Array(RECORD_SIZE);
      record.set(body);
      record.set(tagOf(ring, body), RECORD_BODY_SIZE);
      for (let attempt = 0; attempt < BAD_SLOTS_MAX; attempt++) {
        const offset = nextSlot();
        if (offset === undefined || flash.program(offset, record.slice().buffer) !== 0) continue;
        const readBack = readFlash(flash, offset, RECORD_SIZE);
        if (readBack.length === RECORD_SIZE && readBack.every((byte, at) => byte === record[at]))
          return { ...claimOf(record), offset };
      }
      throw new Fault('flashFailed');
    },
  };
}

/** Where the writer goes on after power-up: one slot behind the last one in use is left alone. */
function writerBehind(ring: Ring, last: Slot): Writer {
  const sector = Math.floor((last.offset - ring.offsetOf(0, 0)) / ring.flash.sectorSize);
  const data = readFlash(ring.flash, ring.offsetOf(sector, 0), ring.flash.sectorSize);
  let used = ring.slotsPerSector;
  while (used > 0 && isBlank(data.subarray((used - 1) * RECORD_SIZE, used * RECORD_SIZE)))
    used -= 1;
  return createWriter(ring, sector, used + 1);
}

interface Beginning {
  readonly state: StateRecord;
  readonly sequence: number;
  readonly slots: readonly Slot[];
  readonly writer: Writer;
  readonly type: 'format' | 'pin';
}

function createJournal(ring: Ring, beginning: Beginning): Journal {
  const { writer } = beginning;
  const index: Index = { debits: new Map(), signatures: new Map(), pins: new Map() };
  for (const slot of beginning.slots) addToIndex(index, slot);
  let { state, sequence } = beginning;

  function write(type: StateRecordType, next: MeterState, step: number): StateRecord {
    const header = { type, version: FORMAT_VERSION, sequence: sequence + step };
    const body = encodeStateRecord({ ...next, ...header, auditHead: new Uint8Array(16) });
    const auditHead = ring.crypto.sha256(state.auditHead, body).slice(0, 16);
    body.set(auditHead, AUDIT_HEAD_OFFSET);
    const slot = writer.write(body);
    addToIndex(index, slot);
    sequence = slot.sequence;
    state = { ...next, ...header, auditHead };
    return state;
  }

  /** The oldest or newest committed slot of a list that no pin has voided. */
  function committed(slots: readonly Slot[] | undefined): Uint8Array | undefined {
    for (const slot of slots ?? []) {
      const pin = index.pins.get(slot.sequence + 1);
      if (pin !== undefined && committedBody(ring, pin) !== undefined) continue;
      const body = committedBody(ring, slot);
      if (body !== undefined) return body;
    }
    return undefined;
  }

  write(beginning.type, beginning.state, beginning.type === 'pin' ? 2 : 1);
  ring.flash.sync();

  return {
    get state() {
      return state;
    },
    append: (type, next) => write(type, next, 1),
    appendSignature(signature) {
      const record = { ...signature, sequence: sequence + 1 };
      const slot = writer.write(encodeSignatureRecord(record));
      addToIndex(index, slot);
      sequence = record.sequence;
      return { ...record, type: 'signature', version: FORMAT_VERSION };
    },
    find(counter, nonce) {
      const key = requestKey(counter, nonce);
      const debit = committed(index.debits.get(key));
      if (debit === undefined) return undefined;
      const signature = committed(index.signatures.get(key));
      return {
        debit: stateRecord.decode(debit),
        signature: signature === undefined ? undefined : signatureRecord.decode(signature),
      };
    },
    sync: () => ring.flash.sync(),
  };
}

/**
 * Opens the journal at power-up and pins what it finds.
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
  if (found === undefined) return undefined;
  return createJournal(ring, {
    state: found.state,
    sequence: found.last.sequence,
    slots,
    writer: writerBehind(ring, found.last),
    type: 'pin',
  });
}

/** Begins a journal on a blank device: erases the ring and writes the first record. */
export function formatJournal(
  flash: Flash,
  layout: FlashLayout,
  crypto: Crypto,
  key: Uint8Array,
  first: MeterState,
): Journal {
  const ring = ringOf(flash, layout, crypto, key);
  for (let sector = 0; sector < ring.sectors; sector++)
    invariant(flash.erase(ring.offsetOf(sector, 0)) === 0, 'flashFailed');
  const state: StateRecord = {
    ...first,
    type: 'format',
    version: FORMAT_VERSION,
    sequence: 0,
    auditHead: new Uint8Array(16),
  };
  return createJournal(ring, {
    state,
    sequence: 0,
    slots: [],
    writer: createWriter(ring, 0, 0),
    type: 'format',
  });
}

/** Whether the ring is as the factory left it, but for a first record that power cut short. */
export function isFreshJournal(flash: Flash, layout: FlashLayout): boolean {
  const firstSlotEnd = layout.journalOffset + RECORD_SIZE;
  const end = layout.journalOffset + layout.journalSectors * flash.sectorSize;
  return isBlank(readFlash(flash, firstSlotEnd, end - firstSlotEnd));
}
