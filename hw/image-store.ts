/** Where images are kept, of a board that takes another one while it is in use (requirements.md H2; docs/update.md). */

import type { Flash, FlashStatus } from './flash.ts';

/**
 * Two slots, one of which runs or is to run next; before the first update the image runs from a third place that nothing
 * changes. At power-up the boot ROM takes, of all images that are signed, whole and committed, the one with the highest
 * version, unless it was tried three times and never confirmed.
 *
 * Not promised: that the slots are on the chip of {@link Flash} that holds the registers, or that a cut of power in one
 * leaves the other untouched.
 */
export interface ImageStore {
  /** 0 the fixed place, 1 and 2 the slots. */
  readonly running: number;
  /** 1 while the running image is not confirmed, else 0. */
  readonly isOnTrial: number;
  /** The slot that does not run. The one that runs cannot be written. Its program unit divides 16. */
  readonly spare: Flash;
  /**
   * The running image has passed its self-tests: it stays, and no image of a lower security version runs any more. Does
   * nothing where that was said before.
   */
  confirm(): FlashStatus;
}
