/** How the boot ROM chooses between the images of a board, and what it notes of an image on trial (docs/update.md). */

import { type FlashStatus, flashStatus } from '#hw/flash';
import { equalBytes, joinBytes } from '#protocol/bytes';
import {
  IMAGE_HEADER_SIZE,
  type ImageHeader,
  imageHeaderDocument,
} from '#protocol/documents/image-header';
import {
  COMMIT_OFFSET,
  CONFIRMATIONS,
  CONFIRMED_OFFSET,
  commitMark,
  confirmedMark,
  MARK_SIZE,
  TRIED_OFFSET,
  TRIES,
} from '#protocol/documents/image-slot';
import type { BootCheck } from './boot-rom.ts';
import { ERASED, type FlashDevice } from './flash.ts';
import { type ImageSlots, type SlotNumber, slotNumbers } from './image-slots.ts';

/** hw/flash.ts: the most that one call reads. */
const READ_SIZE_MAX = 4096;
/** Confirmations that an image programs: where power is cut within one, the other is whole. */
const CONFIRMATIONS_WANTED = 2;

type Accepted = Extract<BootCheck, { ok: true }>;

/** An image that may run. */
export interface BootImage {
  readonly place: 0 | SlotNumber;
  /** Header and body. */
  readonly image: Uint8Array;
  readonly check: Accepted;
  /** The slot that it is in; undefined for the fixed place, whose image is never on trial. */
  readonly flash: FlashDevice | undefined;
  isConfirmed: boolean;
}

/** What may run on a board, the first choice in front; or why nothing may. */
export type BootImages = { readonly images: readonly BootImage[]; readonly reason: string };

/**
 * Of two images of one version that of the fixed place comes first, then one that is confirmed.
 * @param fixed the image that its maker put on the board
 * @param check of signature, security version and engine
 */
export function imagesOn(
  fixed: Uint8Array,
  slots: ImageSlots | undefined,
  check: (image: Uint8Array) => BootCheck,
): BootImages {
  const images: BootImage[] = [];
  const own = check(fixed);
  if (own.ok)
    images.push({ place: 0, image: fixed, check: own, flash: undefined, isConfirmed: true });
  for (const place of slots === undefined ? [] : slotNumbers) {
    const flash = slots?.find(place);
    const stored = flash === undefined ? undefined : committedImage(flash);
    if (flash === undefined || stored === undefined) continue;
    const judged = check(stored.image);
    if (judged.ok) images.push({ place, flash, check: judged, ...stored });
  }
  images.sort(
    (one, other) =>
      other.check.header.imageVersion - one.check.header.imageVersion ||
      Number(other.isConfirmed) - Number(one.isConfirmed),
  );
  return { images, reason: own.ok ? '' : own.reason };
}

/**
 * The image to start: of the first ones that are on trial, one with a try left, which it notes. Where all were tried in
 * vain, the first of them once more: there is nothing to lose.
 */
export function chosenOf({ images }: BootImages): BootImage | undefined {
  return images.find(({ isConfirmed, flash }) => isConfirmed || noteTry(flash)) ?? images[0];
}

/** Two marks that read right, or as many as the label has room for. */
export function confirmImage(image: BootImage): FlashStatus {
  const { flash, check } = image;
  if (flash === undefined) return flashStatus.ok;
  const mark = confirmedMark(check.header);
  for (let number = 0; number < CONFIRMATIONS; number++) {
    if (confirmationsOf(flash, check.header) >= CONFIRMATIONS_WANTED) break;
    const offset = CONFIRMED_OFFSET + number * MARK_SIZE;
    if (isBlank(read(flash, offset, MARK_SIZE))) flash.program(offset, mark.slice().buffer);
  }
  flash.sync();
  image.isConfirmed = confirmationsOf(flash, check.header) > 0;
  return image.isConfirmed ? flashStatus.ok : flashStatus.programFailed;
}

/**
 * The image of a slot where it was committed or has confirmed itself. A commit that was cut and reads wrong must not read
 * right at a later start: such a label is erased.
 */
function committedImage(
  flash: FlashDevice,
): { readonly image: Uint8Array; readonly isConfirmed: boolean } | undefined {
  const bytes = read(flash, 0, IMAGE_HEADER_SIZE);
  const header = imageHeaderDocument.read(bytes);
  const commit = read(flash, COMMIT_OFFSET, MARK_SIZE);
  const { size, sectorSize } = flash;
  if (!header.ok || header.value.bodySize > size - sectorSize) return undefined;
  const isConfirmed = confirmationsOf(flash, header.value) > 0;
  if (!isConfirmed && !equalBytes(commit, commitMark(header.value))) {
    if (!isBlank(commit)) flash.erase(0);
    return undefined;
  }
  const body = read(flash, sectorSize, header.value.bodySize);
  return { image: joinBytes(bytes, body), isConfirmed };
}

function confirmationsOf(flash: FlashDevice, header: ImageHeader): number {
  const mark = confirmedMark(header);
  return marksAt(flash, CONFIRMED_OFFSET, CONFIRMATIONS).filter((one) => equalBytes(one, mark))
    .length;
}

function marksAt(flash: FlashDevice, offset: number, count: number): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, at) => read(flash, offset + at * MARK_SIZE, MARK_SIZE));
}

/** Before an image on trial is started. A mark that is spent counts as a try, whatever it reads. */
function noteTry(flash: FlashDevice | undefined): boolean {
  if (flash === undefined) return false;
  for (const [number, mark] of marksAt(flash, TRIED_OFFSET, TRIES).entries()) {
    if (!isBlank(mark)) continue;
    const offset = TRIED_OFFSET + number * MARK_SIZE;
    if (flash.program(offset, new ArrayBuffer(MARK_SIZE)) !== flashStatus.ok) continue;
    flash.sync();
    return true;
  }
  return false;
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.every((byte) => byte === ERASED);
}

/** What cannot be read stays zero, and fails whatever is expected of it. */
function read(flash: FlashDevice, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += READ_SIZE_MAX)
    bytes.set(new Uint8Array(flash.read(offset + at, Math.min(READ_SIZE_MAX, length - at))), at);
  return bytes;
}
