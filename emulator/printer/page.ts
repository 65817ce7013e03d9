/**
 * A page: the paper between two cuts, dot for dot as it was burnt, and its picture as a 1-bit PNG.
 */

import { crc32 } from 'node:zlib';
import { encode } from 'fast-png';
import { bytesPerRow } from './dot-rows.ts';

export interface Page {
  /** Counted from 1 since the printer was started. */
  readonly number: number;
  readonly widthDots: number;
  readonly heightDots: number;
  readonly dpi: number;
  /** Packed rows, most significant bit left, 1 is black; `heightDots` rows of `ceil(widthDots / 8)` bytes. */
  readonly dots: Uint8Array;
  /** What ended it: the cutter, a hand, or the limit of the paper length. */
  readonly end: 'fullCut' | 'partialCut' | 'tornOff' | 'lengthLimit';
  /** The lines of text on it, in Latin-1; on the picture they are boxes. */
  readonly textLines: readonly string[];
  /** The stream from the end of the page before to the end of this one, as it arrived. */
  readonly raw: Uint8Array;
  /** Whether `raw` lacks its end, because it was more than may be kept. */
  readonly isRawTruncated: boolean;
}

const METRES_PER_INCH = 0.0254;
/** The PNG signature and the IHDR chunk, after which pHYs may stand. */
const PNG_HEAD_SIZE = 33;

/** The page as a 1-bit greyscale PNG, one pixel a dot, its size on paper told by pHYs. */
export function pagePng(page: Page): Uint8Array {
  const png = encode({
    width: page.widthDots,
    height: page.heightDots,
    depth: 1,
    channels: 1,
    data: page.dots.map((byte) => ~byte),
  });
  const resolution = physicalSizeChunk(page.dpi);
  const out = new Uint8Array(png.length + resolution.length);
  out.set(png.subarray(0, PNG_HEAD_SIZE));
  out.set(resolution, PNG_HEAD_SIZE);
  out.set(png.subarray(PNG_HEAD_SIZE), PNG_HEAD_SIZE + resolution.length);
  return out;
}

/** PNG (third edition) 11.3.4.3: pixels per metre across and along, unit 1 = metre. */
function physicalSizeChunk(dpi: number): Uint8Array {
  const chunk = new DataView(new ArrayBuffer(21));
  const perMetre = Math.round(dpi / METRES_PER_INCH);
  chunk.setUint32(0, 9);
  for (const [index, letter] of [...'pHYs'].entries()) {
    chunk.setUint8(4 + index, letter.charCodeAt(0));
  }
  chunk.setUint32(8, perMetre);
  chunk.setUint32(12, perMetre);
  chunk.setUint8(16, 1);
  chunk.setUint32(17, crc32(new Uint8Array(chunk.buffer, 4, 13)));
  return new Uint8Array(chunk.buffer);
}

/** The paper that hangs out of the printer. */
export interface Paper {
  readonly rows: number;
  /** Adds one burnt row of `ceil(widthDots / 8)` bytes. */
  burn(dots: Uint8Array): void;
  feed(rows: number): void;
  text(line: string): void;
  /** Everything since the last take, as dots; the paper is blank and of length 0 afterwards. */
  take(): Pick<Page, 'heightDots' | 'dots' | 'textLines'>;
}

const FIRST_CAPACITY_ROWS = 256;

/** Paper that grows row by row; whoever uses it keeps it below a limit by `rows`. */
export function createPaper(widthDots: number): Paper {
  const rowSize = bytesPerRow(widthDots);
  let store = new Uint8Array(FIRST_CAPACITY_ROWS * rowSize);
  let rows = 0;
  let textLines: string[] = [];

  const advance = (count: number): void => {
    rows += count;
    if (rows * rowSize <= store.length) return;
    const larger = new Uint8Array(Math.max(rows * rowSize, store.length * 2));
    larger.set(store);
    store = larger;
  };

  return {
    get rows() {
      return rows;
    },
    burn(dots) {
      advance(1);
      store.set(dots, (rows - 1) * rowSize);
    },
    feed: advance,
    text(line) {
      textLines.push(line);
    },
    take() {
      const taken = { heightDots: rows, dots: store.slice(0, rows * rowSize), textLines };
      store = new Uint8Array(FIRST_CAPACITY_ROWS * rowSize);
      rows = 0;
      textLines = [];
      return taken;
    },
  };
}
