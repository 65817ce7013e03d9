/** A slot as some update left it. */

import { createMemoryFlash, type FlashDevice } from '#emulator/flash';
import { SLOT_GEOMETRY } from '#emulator/image-slots';
import { IMAGE_HEADER_SIZE } from '#protocol/documents/image-header';
import {
  COMMIT_OFFSET,
  CONFIRMED_OFFSET,
  MARK_SIZE,
  TRIED_OFFSET,
} from '#protocol/documents/image-slot';

export interface SlotContent {
  /** Header and body; a blank slot without. */
  readonly image: Uint8Array;
  readonly commit: 'whole' | 'torn' | 'zeros' | 'blank';
  /** How many marks of each kind there are. */
  readonly tried: number;
  readonly confirmed: number;
  /** A byte of the image that is another one in the slot. */
  readonly damagedAt: number;
}

/** Where the digest of the body stands in the header. */
const DIGEST_OFFSET = 17;

export function slotWith({
  image,
  commit = 'whole',
  tried = 0,
  confirmed = 0,
  damagedAt,
}: Partial<SlotContent>): FlashDevice {
  const contents = new Uint8Array(SLOT_GEOMETRY.size).fill(0xff);
  if (image === undefined) return createMemoryFlash({ geometry: SLOT_GEOMETRY, contents });
  const stored = image.slice();
  if (damagedAt !== undefined) stored[damagedAt] = (stored[damagedAt] as number) ^ 1;
  contents.set(stored.subarray(0, IMAGE_HEADER_SIZE));
  contents.set(stored.subarray(IMAGE_HEADER_SIZE), SLOT_GEOMETRY.sectorSize);
  const mark = image.slice(DIGEST_OFFSET, DIGEST_OFFSET + MARK_SIZE);
  if (commit === 'whole') contents.set(mark, COMMIT_OFFSET);
  if (commit === 'torn') contents.set(mark.subarray(0, MARK_SIZE - 1), COMMIT_OFFSET);
  if (commit === 'zeros') contents.fill(0, COMMIT_OFFSET, COMMIT_OFFSET + MARK_SIZE);
  contents.fill(0, TRIED_OFFSET, TRIED_OFFSET + tried * MARK_SIZE);
  const confirmation = image.slice(DIGEST_OFFSET + MARK_SIZE, DIGEST_OFFSET + 2 * MARK_SIZE);
  for (let number = 0; number < confirmed; number++)
    contents.set(confirmation, CONFIRMED_OFFSET + number * MARK_SIZE);
  return createMemoryFlash({ geometry: SLOT_GEOMETRY, contents });
}
