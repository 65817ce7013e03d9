/** The label that a ZPL or TSPL printer composes in its memory before it prints it. */

import { bytesPerRow } from './dot-rows.ts';
import type { PrinterEvent } from './interpreter-state.ts';

export interface LabelPicture {
  readonly x: number;
  readonly y: number;
  /** Bytes a row. */
  readonly stride: number;
  /** Row after row, the highest bit the leftmost dot, 1 is black. */
  readonly dots: Uint8Array;
}

export interface LabelCanvas {
  /** Adds black dots; what is outside the paper is lost. */
  draw(picture: LabelPicture): void;
  clear(): void;
  /** The label as it comes out: its rows, and that it is taken. */
  rows(heightRows: number | undefined): PrinterEvent[];
}

/** As long as a page may be; what is drawn below is lost. */
export const LABEL_ROWS_MAX = 20_000;

export function createLabelCanvas(widthDots: number): LabelCanvas {
  const stride = bytesPerRow(widthDots);
  let drawn = new Map<number, Uint8Array>();

  function drawRow(y: number, x: number, dots: Uint8Array): void {
    if (y < 0 || y >= LABEL_ROWS_MAX) return;
    const row = drawn.get(y) ?? new Uint8Array(stride);
    drawn.set(y, row);
    const shift = x & 7;
    for (const [at, bits] of dots.entries()) {
      const place = (x >> 3) + at;
      if (place < stride) row[place] = (row[place] as number) | (bits >> shift);
      if (place + 1 < stride)
        row[place + 1] = (row[place + 1] as number) | ((bits << (8 - shift)) & 0xff);
    }
    const beyond = stride * 8 - widthDots;
    row[stride - 1] = (row[stride - 1] as number) & (0xff << beyond);
  }

  return {
    draw({ x, y, stride: size, dots }) {
      for (let row = 0; row * size < dots.length; row++)
        drawRow(y + row, x, dots.subarray(row * size, (row + 1) * size));
    },
    clear() {
      drawn = new Map();
    },
    rows(heightRows) {
      const last = Math.max(-1, ...drawn.keys());
      const height = Math.min(heightRows ?? last + 1, LABEL_ROWS_MAX);
      const events: PrinterEvent[] = [];
      let blank = 0;
      const feed = (): void => {
        if (blank > 0) events.push({ kind: 'feed', rows: blank });
        blank = 0;
      };
      for (let y = 0; y < height; y++) {
        const dots = drawn.get(y);
        if (dots === undefined) blank += 1;
        else {
          feed();
          events.push({ kind: 'row', dots });
        }
      }
      feed();
      events.push({ kind: 'cut', isPartial: false });
      return events;
    },
  };
}
