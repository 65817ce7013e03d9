/**
 * A slot for an image, on which firmware and boot ROM must agree (requirements.md H2; docs/update.md). The first sector is
 * the label: the header of the image, and marks that are programmed later, each once. The body begins in the second one.
 *
 * Label: header 128 · commit 16 · tried 3 × 16 · confirmed 4 × 16.
 */

import type { ImageHeader } from './image-header.ts';

/** Where an image runs from: the place that its maker wrote, which no service changes, or a slot. */
export const imagePlaceNames = ['fixed', 'a', 'b'] as const;

/**
 * What the slot holds from which nothing runs. `none`: the board has no slots · `blank`: no header that can be read ·
 * `loading`: an image that was announced · `loaded`: one that counts.
 */
export const spareStateNames = ['none', 'blank', 'loading', 'loaded'] as const;
export type SpareStateName = (typeof spareStateNames)[number];

export const MARK_SIZE = 16;
export const COMMIT_OFFSET = 128;
/** How often an image may be started before it must have confirmed itself. */
export const TRIES = 3;
export const TRIED_OFFSET = COMMIT_OFFSET + MARK_SIZE;
/** Two are programmed, so that one is whole where power was cut within the other; two are to spare for those cuts. */
export const CONFIRMATIONS = 4;
export const CONFIRMED_OFFSET = TRIED_OFFSET + TRIES * MARK_SIZE;
export const LABEL_SIZE = CONFIRMED_OFFSET + CONFIRMATIONS * MARK_SIZE;

/** What a mark reads where it was programmed whole, by this image and no other. */
export const commitMark = ({ bodyDigest }: ImageHeader): Uint8Array =>
  bodyDigest.slice(0, MARK_SIZE);
export const confirmedMark = ({ bodyDigest }: ImageHeader): Uint8Array =>
  bodyDigest.slice(MARK_SIZE, 2 * MARK_SIZE);
