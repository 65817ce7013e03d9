/** Facing identification mark D, by which sorting machines find mail with an indicium, in whole dots (domain.md 1.5). */

import { type Bitmap, createBitmap, fillRectangle } from './bitmap.ts';
import { facingMarkBars } from './bwip.ts';

/** A bar, and a space between neighbours, is 1/32 inch wide: 2.25 points. */
const POINTS_PER_BAR = 2.25;
const BARS_PER_INCH = 32;
const HEIGHT_INCH = 5 / 8;

/**
 * The mark as dots. Bars begin at whole multiples of one pitch, so that rounding never adds up; at 203 dpi 13 dots are
 * 0.064 inch where 0.0625 are asked.
 * @param dpi dots an inch of the print head
 */
export function renderFacingMark(dpi: number): Bitmap {
  const bar = Math.round(dpi / BARS_PER_INCH);
  const pitch = Math.round((2 * dpi) / BARS_PER_INCH);
  const places = barPlaces();
  const last = places.at(-1) ?? 0;
  const mark = createBitmap(last * pitch + bar, Math.round(dpi * HEIGHT_INCH));
  for (const place of places)
    fillRectangle(mark, { x: place * pitch, y: 0, width: bar, height: mark.height });
  return mark;
}

/** The places of the bars, counted in pitches of 1/16 inch. */
function barPlaces(): number[] {
  const places: number[] = [];
  let at = 0;
  facingMarkBars().forEach((points, index) => {
    if (index % 2 === 0) places.push(at / 2);
    at += Math.round(points / POINTS_PER_BAR);
  });
  return places;
}
