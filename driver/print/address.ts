/** Lines of an address as dots: all of them at one size that fits, or none. */

import { type Bitmap, blit, createBitmap } from './bitmap.ts';
import { dotsOf, type HeadArea } from './head.ts';
import { LabelError } from './label-error.ts';
import { drawText, fitText, type TextStyle } from './text.ts';

/** Lines of an address that are printed. */
const LINES_MAX = 12;
/** Smaller letters are not read by sorting machines, nor gladly by people. */
const SIZE_MM_MIN = 2.1;
const LINE_PITCH = 1.3;

export interface AddressPlace {
  /** In dots. */
  readonly width: number;
  /** In dots; as many as it takes where nothing is said. */
  readonly height?: number;
}

/**
 * Lines from top to bottom; undefined for none. One that is too long is set smaller, then cut with an ellipsis.
 * @param style its size is the largest
 * @throws LabelError `noRoom` for more lines than the height takes
 */
export function composeLines(
  lines: readonly string[],
  style: TextStyle,
  { width, height = Number.POSITIVE_INFINITY }: AddressPlace,
  area: HeadArea,
): Bitmap | undefined {
  if (lines.length > LINES_MAX)
    throw new LabelError(
      'noRoom',
      `an address has ${LINES_MAX} lines at most, not ${lines.length}`,
    );
  if (lines.length === 0) return undefined;
  const sizeMax = Math.floor(height / lines.length / LINE_PITCH);
  if (sizeMax < dotsOf(area, SIZE_MM_MIN))
    throw new LabelError('noRoom', `${lines.length} lines of an address do not fit`);
  const fitting = { ...style, size: Math.min(style.size, sizeMax) };
  const pitch = Math.round(fitting.size * LINE_PITCH);
  const bitmap = createBitmap(width, pitch * lines.length);
  lines.forEach((line, row) => {
    const shown = fitText(line, fitting, width, Math.round(fitting.size * 0.6));
    drawText(bitmap, shown.text, shown.style, { x: 0, baseline: row * pitch + fitting.size });
  });
  return bitmap;
}

/** Places a part on a picture. */
export function place(
  target: Bitmap,
  part: Bitmap | undefined,
  { x, y }: { readonly x: number; readonly y: number },
): void {
  if (part !== undefined) blit(target, part, x, y);
}
