/**
 * The one place that uses the `escpos` package, and of it only what is right: initialise, raster, raw bytes, cut.
 *
 * Its adapters, texts, alignments, bar codes and close are wrong or unsafe (printing.md 1.1) and stay unused; what it
 * would drag along is replaced by the stubs in tools/escpos-stubs.
 */

import { Image, Printer } from 'escpos';
import { type Bitmap, dotAt } from './bitmap.ts';

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

const BLACK = 0;
const WHITE_OPAQUE = 255;

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
      printer.raster(new Image({ shape: [band.width, band.height, 4], data: pixelsOf(band) }));
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

/** Four channels: with fewer the package prints everything black. */
function pixelsOf(band: Bitmap): Uint8Array {
  const pixels = new Uint8Array(band.width * band.height * 4).fill(WHITE_OPAQUE);
  for (let y = 0; y < band.height; y++)
    for (let x = 0; x < band.width; x++) {
      if (dotAt(band, x, y) === 0) continue;
      const at = (y * band.width + x) * 4;
      pixels[at] = BLACK;
      pixels[at + 1] = BLACK;
      pixels[at + 2] = BLACK;
    }
  return pixels;
}
