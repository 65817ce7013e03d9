/**
 * The one place that uses the `escpos` package, and of it only what is right: initialise, raster, raw bytes, cut.
 *
 * Its adapters, texts, alignments, bar codes and close are wrong or unsafe (printing.md 1.1) and stay unused; what it
 * would drag along is replaced by the stubs in tools/escpos-stubs.
 */

import { Image, Printer } from 'escpos';
import type { Bitmap } from './bitmap.ts';

/** A growing stream of printer commands. */
export interface CommandStream {
  /** ESC @: clears what an earlier job may have left behind. */
  initialise(): void;
  /** GS v 0: a band of dots, at the start of a line. @param band at most 255 rows */
  raster(band: Bitmap): void;
  raw(bytes: Uint8Array): void;
  /** Feeds lines, then cuts. @param lines 1 or more: the package takes 0 for 3 */
  cut(isPartial: boolean, lines: number): void;
  /** Everything so far. */
  bytes(): Uint8Array;
}

/** More rows are misread by printers that look at the low byte only (printing.md 1.2). */
export const BAND_ROWS_MAX = 255;

export function createCommandStream(): CommandStream {
  let written: Uint8Array = new Uint8Array(0);
  const printer = new Printer({
    write(bytes) {
      written = new Uint8Array(bytes);
    },
  });
  return {
    initialise() {
      printer.hardware('init');
    },
    raster(band) {
      if (band.height < 1 || band.height > BAND_ROWS_MAX)
        throw new RangeError(`a band has 1 to ${BAND_ROWS_MAX} rows, not ${band.height}`);
      printer.raster(imageOf(band));
    },
    raw(bytes) {
      printer.print(Buffer.from(bytes));
    },
    cut(isPartial, lines) {
      if (!Number.isInteger(lines) || lines < 1) throw new RangeError('a cut feeds 1 line or more');
      printer.cut(isPartial, lines);
    },
    bytes() {
      printer.flush();
      return written;
    },
  };
}

/**
 * A band as an image of the package. Our dots are packed as the command wants them; the package would make an object of
 * every pixel first, which takes a tenth of a second for a label.
 */
function imageOf({ width, height, stride, data }: Bitmap): Image {
  const image = new Image({ shape: [width, height, 4], data: new Uint8Array(0) });
  const raster = { width: stride, height, data: Buffer.from(data) };
  return Object.assign(image, { toRaster: () => raster });
}
