/** Where a print head reaches, and lengths in its dots. */

import type { Bitmap } from './bitmap.ts';

export interface HeadArea {
  /** Dots an inch, along and across the paper. */
  readonly dpi: number;
  /** Dots of the print head: the widest picture. */
  readonly headDots: number;
  /** Paper that the head does not reach, at each side, in millimetres. */
  readonly marginMm: number;
}

/** A length in whole dots of a printer. */
export function dotsOf({ dpi }: Pick<HeadArea, 'dpi'>, millimetres: number): number {
  return Math.round((millimetres * dpi) / 25.4);
}

/** @throws RangeError for a picture wider than the head: nothing is shrunk or cut off */
export function requireHead(bitmap: Bitmap, { headDots }: HeadArea): void {
  if (bitmap.width > headDots)
    throw new RangeError(`${bitmap.width} dots do not fit on a head of ${headDots}`);
}
