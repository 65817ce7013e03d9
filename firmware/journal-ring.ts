/**
 * The ring of flash sectors under the journal: reads every slot once at power-up, writes one behind the other, and erases
 * a sector only when it is needed and holds nothing that counts (docs/flash.md).
 */

import type { Flash } from '#hw/flash';
import { equalBytes, joinBytes } from '#protocol/bytes';
import type { Crypto } from '#protocol/crypto';
import { Fault, invariant } from './fault.ts';
import { type FlashLayout, isBlank, readFlash } from './flash-layout.ts';
import {
  type Claim,
  claimOf,
  isSameClaim,
  RECORD_BODY_SIZE,
  RECORD_SIZE,
} from './journal-record.ts';

/** Slots tried after one that did not take its record, before the flash counts as worn out. */
const BAD_SLOTS_MAX = 64;

export interface Slot extends Claim {
  readonly offset: number;
}

export interface Ring {
  readonly flash: Flash;
  readonly crypto: Crypto;
  /** Tags are made with it; 32 bytes. */
  readonly key: Uint8Array;
  readonly sectors: number;
  readonly slotsPerSector: number;
  offsetOf(sector: number, slot: number): number;
  sectorOf(slot: Slot): number;
}

export function ringOf(flash: Flash, layout: FlashLayout, crypto: Crypto, key: Uint8Array): Ring {
  const { journalOffset } = layout;
  return {
    flash,
    crypto,
    key,
    sectors: layout.journalSectors,
    slotsPerSector: Math.floor(flash.sectorSize / RECORD_SIZE),
    offsetOf: (sector, slot) => journalOffset + sector * flash.sectorSize + slot * RECORD_SIZE,
    sectorOf: ({ offset }) => Math.floor((offset - journalOffset) / flash.sectorSize),
  };
}

function tagOf({ crypto, key }: Ring, body: Uint8Array): Uint8Array {
  return crypto.hmac(key, body).subarray(0, RECORD_SIZE - RECORD_BODY_SIZE);
}

/** The body of a slot, if its tag says that it was committed. */
export function committedBody(ring: Ring, slot: Slot): Uint8Array | undefined {
  const bytes = readFlash(ring.flash, slot.offset, RECORD_SIZE);
  if (bytes.length < RECORD_SIZE) return undefined;
  const body = bytes.subarray(0, RECORD_BODY_SIZE);
  if (!equalBytes(tagOf(ring, body), bytes.subarray(RECORD_BODY_SIZE))) return undefined;
  return isSameClaim(claimOf(bytes), slot) ? body : undefined; // a weak bit may read otherwise than in the scan
}

/**
 * The slots of a sector, none where all of it is blank; undefined for one that cannot be read. A unit that ECC cannot mend makes the whole read fail
 * (hw/flash.ts): then each slot is read for itself, so that it hides no other.
 */
function slotsOf(ring: Ring, sector: number): (Uint8Array | undefined)[] {
  const whole = readFlash(ring.flash, ring.offsetOf(sector, 0), ring.flash.sectorSize);
  if (isBlank(whole)) return [];
  const indexes = Array.from({ length: ring.slotsPerSector }, (_, index) => index);
  if (whole.length === ring.flash.sectorSize)
    return indexes.map((index) => whole.subarray(index * RECORD_SIZE, (index + 1) * RECORD_SIZE));
  return indexes.map((index) => {
    const bytes = readFlash(ring.flash, ring.offsetOf(sector, index), RECORD_SIZE);
    return bytes.length === RECORD_SIZE ? bytes : undefined;
  });
}

/** Every slot that is not blank, newest claim first; nothing is believed yet. */
export function scanRing(ring: Ring): Slot[] {
  const slots: Slot[] = [];
  for (let sector = 0; sector < ring.sectors; sector++)
    for (const [index, bytes] of slotsOf(ring, sector).entries())
      if (bytes !== undefined && !isBlank(bytes))
        slots.push({ ...claimOf(bytes), offset: ring.offsetOf(sector, index) });
  return slots.sort((a, b) => b.sequence - a.sequence);
}

/** Whether the ring is as the factory left it, but for a first record that power cut short. */
export function isFreshRing(ring: Ring): boolean {
  for (let sector = 0; sector < ring.sectors; sector++)
    for (const [index, bytes] of slotsOf(ring, sector).entries())
      if (sector + index > 0 && (bytes === undefined || !isBlank(bytes))) return false;
  return true;
}

/** Writes records one behind the other and moves on to the next sector when one is full. */
export interface Writer {
  /** @throws Fault `flashFailed` where no slot takes the record */
  write(body: Uint8Array): Slot;
  /** The sector of this slot holds the newest state: it is not erased, whatever happens. */
  protect(slot: Slot): void;
}

/** @param onErase told which sector is about to lose what it holds */
export function createWriter(
  ring: Ring,
  first: { readonly sector: number; readonly index: number },
  onErase: (sector: number) => void,
): Writer {
  const { flash } = ring;
  let { sector, index } = first;
  let protectedSector: number | undefined;

  function nextSlot(): number | undefined {
    if (index >= ring.slotsPerSector) {
      const next = (sector + 1) % ring.sectors;
      if (next === protectedSector) throw new Fault('flashFailed'); // all others failed
      sector = next;
      index = 0;
      onErase(sector);
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
      const tag = tagOf(ring, body);
      const record = joinBytes(body, tag);
      for (let attempt = 0; attempt < BAD_SLOTS_MAX; attempt++) {
        const offset = nextSlot();
        if (offset === undefined || flash.program(offset, record.slice().buffer) !== 0) continue;
        const readBack = readFlash(flash, offset, RECORD_SIZE); // compared with its parts, so that no fault left one out
        const isWhole =
          equalBytes(readBack.subarray(0, RECORD_BODY_SIZE), body) &&
          equalBytes(readBack.subarray(RECORD_BODY_SIZE), tag);
        if (isWhole) return { ...claimOf(record), offset };
      }
      throw new Fault('flashFailed');
    },
    protect(slot) {
      protectedSector = ring.sectorOf(slot);
    },
  };
}

/** Where the writer goes on after power-up: one slot behind the last one in use is left alone. */
export function placeBehind(ring: Ring, last: Slot): { sector: number; index: number } {
  const sector = ring.sectorOf(last);
  const used = slotsOf(ring, sector).findLastIndex(
    (bytes) => bytes === undefined || !isBlank(bytes),
  );
  return { sector, index: used + 2 };
}

/**
 * How many slots were begun behind this one and are of no account, or of less: records that power cut short, and pins that
 * stand on them. A full sector has none that matter: the next one is erased before anything is written to it.
 */
export function begunBehind(ring: Ring, last: Slot): number {
  const sector = ring.sectorOf(last);
  return slotsOf(ring, sector).filter(
    (bytes, index) =>
      ring.offsetOf(sector, index) > last.offset && (bytes === undefined || !isBlank(bytes)),
  ).length;
}

export function eraseRing({ flash, sectors, offsetOf }: Ring): void {
  for (let sector = 0; sector < sectors; sector++)
    invariant(flash.erase(offsetOf(sector, 0)) === 0, 'flashFailed');
}
