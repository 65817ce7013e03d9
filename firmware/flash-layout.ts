/** Which sectors of the flash hold what (docs/flash.md). */

import type { Flash } from '#hw/flash';
import { invariant } from './fault.ts';

export interface FlashLayout {
  /** Offsets of the two banks of the store. */
  readonly bankOffsets: readonly [number, number];
  readonly bankSize: number;
  readonly journalOffset: number;
  readonly journalSectors: number;
}

/** Bytes that one bank of the store has at least. */
const BANK_SIZE_MIN = 8192;
/** A ring needs one sector to write, one that holds the last state, and one between. */
const JOURNAL_SECTORS_MIN = 3;

export function flashLayout(flash: Flash): FlashLayout {
  const bankSectors = Math.ceil(BANK_SIZE_MIN / flash.sectorSize);
  const bankSize = bankSectors * flash.sectorSize;
  const journalOffset = 2 * bankSize;
  const journalSectors = Math.floor((flash.size - journalOffset) / flash.sectorSize);
  invariant(journalSectors >= JOURNAL_SECTORS_MIN, 'flashFailed');
  return { bankOffsets: [0, bankSize], bankSize, journalOffset, journalSectors };
}

/** Reads any length, in pieces that the hardware allows. */
export function readFlash(flash: Flash, offset: number, length: number): Uint8Array {
  const PIECE = 4096;
  if (length <= PIECE) return new Uint8Array(flash.read(offset, length));
  const data = new Uint8Array(length);
  for (let done = 0; done < length; done += PIECE) {
    const piece = flash.read(offset + done, Math.min(PIECE, length - done));
    data.set(new Uint8Array(piece), done);
  }
  return data;
}

/** Programs any length that is a multiple of the program unit, in pieces that the hardware allows. */
export function programFlash(flash: Flash, offset: number, data: Uint8Array): boolean {
  const PIECE = 256;
  for (let done = 0; done < data.length; done += PIECE) {
    const piece = data.slice(done, done + PIECE);
    if (flash.program(offset + done, piece.buffer) !== 0) return false;
  }
  return true;
}

/** What cannot be read comes back empty, and is not blank. */
export function isBlank(data: Uint8Array): boolean {
  return data.length > 0 && data.every((byte) => byte === 0xff);
}
