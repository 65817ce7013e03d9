/** The slots for images in the state of a board: what is in them, and whether one of them has the image that ran. */

import { equalBytes } from '#protocol/bytes';
import { IMAGE_HEADER_SIZE, imageHeaderDocument } from '#protocol/documents/image-header';
import { createMemoryFlash } from '../flash.ts';
import { type ImageSlots, slotNumbers } from '../image-slots.ts';
import type { SlotsState } from './board-state.ts';

export function captureSlots(slots: ImageSlots): SlotsState {
  const contents: { -readonly [K in keyof SlotsState['contents']]: SlotsState['contents'][K] } = {};
  for (const slot of slotNumbers) {
    const flash = slots.find(slot);
    if (flash !== undefined) contents[slot] = flash.snapshot();
  }
  return { geometry: slots.geometry, contents };
}

/** A slot that the state knows nothing of becomes blank; it is not made for that. */
export function restoreSlots(slots: ImageSlots, { geometry, contents }: SlotsState): void {
  for (const slot of slotNumbers) {
    const snapshot = contents[slot];
    if (snapshot !== undefined) slots.open(slot).restore(snapshot);
    else slots.find(slot)?.restore(createMemoryFlash({ geometry }).snapshot());
  }
}

/** @param bodyDigest SHA-256 of the body of an image */
export function holdsImage({ geometry, contents }: SlotsState, bodyDigest: Uint8Array): boolean {
  return Object.values(contents).some((snapshot) => {
    const flash = createMemoryFlash({ geometry });
    flash.restore(snapshot);
    const header = imageHeaderDocument.read(flash.contents().subarray(0, IMAGE_HEADER_SIZE));
    return header.ok && equalBytes(header.value.bodyDigest, bodyDigest);
  });
}
