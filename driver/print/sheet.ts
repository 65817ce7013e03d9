/** One label at its place on a sheet of them. */

import { type Bitmap, blit, createBitmap } from './bitmap.ts';
import { dotsOf, type HeadArea } from './head.ts';
import type { Sheet } from './layout.ts';

/** @param position of the label, along the rows, from 0 @throws RangeError for one that the sheet has not */
export function onSheet(label: Bitmap, sheet: Sheet, position: number, area: HeadArea): Bitmap {
  const places = sheet.columns * sheet.rows;
  if (!Number.isInteger(position) || position < 0 || position >= places)
    throw new RangeError(`this sheet has places 0 to ${places - 1}, not ${position}`);
  const page = createBitmap(dotsOf(area, sheet.widthMm), dotsOf(area, sheet.heightMm));
  const column = position % sheet.columns;
  const row = Math.floor(position / sheet.columns);
  blit(
    page,
    label,
    dotsOf(area, sheet.leftMm + column * sheet.pitchXMm),
    dotsOf(area, sheet.topMm + row * sheet.pitchYMm),
  );
  return page;
}
