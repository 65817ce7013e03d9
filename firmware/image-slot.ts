/** The spare slot as the running image writes it: label, body, commit (docs/update.md). */

import type { Flash } from '#hw/flash';
import type { Watchdog } from '#hw/hardware';
import { equalBytes } from '#protocol/bytes';
import { IMAGE_HEADER_SIZE } from '#protocol/documents/image-header';
import { LABEL_SIZE } from '#protocol/documents/image-slot';
import { isBlank, programFlash, readFlash } from './flash-layout.ts';

/** Pieces of a body begin at multiples of it: what a flash programs at once. */
export const PIECE_UNIT = 256;

/** The most bytes that a body can have. */
export const bodySizeMax = ({ size, sectorSize }: Flash): number => size - sectorSize;

function sectorsOf({ sectorSize }: Flash, bodySize: number): number {
  return Math.ceil(bodySize / sectorSize);
}

/** Programs and reads back. */
export function writeSlot(slot: Flash, offset: number, data: Uint8Array): boolean {
  return programFlash(slot, offset, data) && equalBytes(readFlash(slot, offset, data.length), data);
}

/** Whether exactly this image was announced and nothing of its label was written since. */
export function isAnnounced(slot: Flash, header: Uint8Array): boolean {
  const label = readFlash(slot, 0, LABEL_SIZE);
  return (
    equalBytes(label.subarray(0, IMAGE_HEADER_SIZE), header) &&
    isBlank(label.subarray(IMAGE_HEADER_SIZE))
  );
}

/** Makes the label anew: whatever was in the slot does not count any more, and nothing of the label was cut. */
export function announce(slot: Flash, header: Uint8Array): boolean {
  return slot.erase(0) === 0 && writeSlot(slot, 0, header);
}

/**
 * Erases what a body will take, and only then announces it: so behind a label there is nothing of another image. The
 * label goes first: an image that was there counts no more, whatever is left of it.
 */
export function prepare(
  slot: Flash,
  header: Uint8Array,
  bodySize: number,
  watchdog: Watchdog,
): boolean {
  if (slot.erase(0) !== 0) return false;
  for (let sector = sectorsOf(slot, bodySize); sector > 0; sector--) {
    watchdog.feed();
    if (slot.erase(sector * slot.sectorSize) !== 0) return false;
  }
  return writeSlot(slot, 0, header);
}

/** How much of an announced body is there: up to the last sector that was begun, which is written once more. */
export function bytesThere(slot: Flash, bodySize: number): number {
  const { sectorSize } = slot;
  let sector = sectorsOf(slot, bodySize);
  while (sector > 1 && isBlank(readFlash(slot, sector * sectorSize, sectorSize))) sector--;
  return (sector - 1) * sectorSize;
}

/** Writes a piece behind what is there; a sector is erased when it is begun, since a cut may have spent any of it. */
export function writePiece(slot: Flash, offset: number, data: Uint8Array): boolean {
  const at = slot.sectorSize + offset;
  if (offset % slot.sectorSize === 0 && slot.erase(at) !== 0) return false;
  const { programUnit } = slot;
  const whole = new Uint8Array(Math.ceil(data.length / programUnit) * programUnit).fill(0xff);
  whole.set(data);
  return writeSlot(slot, at, whole);
}

/** Header and body as the slot reads now. */
export function readSlot(slot: Flash, bodySize: number, watchdog: Watchdog): Uint8Array {
  const { sectorSize } = slot;
  const image = new Uint8Array(IMAGE_HEADER_SIZE + bodySize);
  image.set(readFlash(slot, 0, IMAGE_HEADER_SIZE));
  for (let at = 0; at < bodySize; at += sectorSize) {
    watchdog.feed();
    const piece = readFlash(slot, sectorSize + at, Math.min(sectorSize, bodySize - at));
    image.set(piece, IMAGE_HEADER_SIZE + at);
  }
  return image;
}
