/** Which sectors of the flash hold what (docs/flash.md). */

import type { Flash } from '#hw/flash';
import { invariant } from './fault.ts';

export interface FlashLayout {
  /** Offsets of the two banks of the store. */
  readonly bankOffsets: readonly [number, number];
  readonly bankSize: number;
  readonly logOffset: number;
  readonly logSectors: number;
  readonly journalOffset: number;
  readonly journalSectors: number;
}

/** Bytes that one bank of the store has at least: two rate tables and all the rest. */
const BANK_SIZE_MIN = 12_288;
/** Of which its end is kept for notes of failed self-tests. */
export const NOTES_SIZE = 768;
/** The part of all sectors that the security log gets, at least and at most so many. */
const LOG_SHARE = 1 / 8;
const LOG_SECTORS_MIN = 3;
const LOG_SECTORS_MAX = 8;
/** A ring needs one sector to write, one that holds the last state, and one between. */
const JOURNAL_SECTORS_MIN = 3;

export function flashLayout(flash: Flash): FlashLayout {
  const { size, sectorSize } = flash;
  const bankSize = Math.ceil(BANK_SIZE_MIN / sectorSize) * sectorSize;
  const logOffset = 2 * bankSize;
  const share = Math.floor((size / sectorSize) * LOG_SHARE);
  const logSectors = Math.min(LOG_SECTORS_MAX, Math.max(LOG_SECTORS_MIN, share));
  const journalOffset = logOffset + logSectors * sectorSize;
  const journalSectors = Math.floor((size - journalOffset) / sectorSize);
  invariant(journalSectors >= JOURNAL_SECTORS_MIN, 'flashFailed');
  return {
    bankOffsets: [0, bankSize],
    bankSize,
    logOffset,
    logSectors,
    journalOffset,
    journalSectors,
  };
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

/** What cannot be read comes back empty, and is not blank. By words, because power-up asks it of the whole flash. */
export function isBlank(data: Uint8Array): boolean {
  if (data.length === 0) return false;
  const wordCount = data.byteOffset % 4 === 0 ? data.length >> 2 : 0;
  const words = new Int32Array(data.buffer, wordCount === 0 ? 0 : data.byteOffset, wordCount);
  for (let at = 0; at < wordCount; at++) if (words[at] !== -1) return false;
  for (let at = 4 * wordCount; at < data.length; at++) if (data[at] !== 0xff) return false;
  return true;
}
