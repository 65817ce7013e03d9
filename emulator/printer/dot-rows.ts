/**
 * Rows of dots as a thermal head burns them: packed 8 dots a byte, most significant bit left, 1 is black.
 */

/** Where on the paper a row goes; everything in dots. */
export interface Placement {
  /** Width of the paper. */
  readonly paperWidthDots: number;
  /** The first dot of the row on the paper. */
  readonly left: number;
  /** The first dot after the print area: nothing is burnt from here on. */
  readonly right: number;
  /** How many dots wide each dot of the row becomes: 1 to 8. */
  readonly scaleX: number;
}

export function bytesPerRow(widthDots: number): number {
  return Math.ceil(widthDots / 8);
}

/** Puts `dots` of a raster on a blank row of the paper; what is outside the print area is lost. */
export function placeRow(dots: Uint8Array, placement: Placement): Uint8Array {
  const { paperWidthDots, left, scaleX } = placement;
  const row = new Uint8Array(bytesPerRow(paperWidthDots));
  const right = Math.min(placement.right, paperWidthDots);
  for (let source = 0; source < dots.length * 8; source++) {
    const start = left + source * scaleX;
    if (start >= right) break;
    if (!isBlack(dots, source)) continue;
    for (let x = start; x < Math.min(start + scaleX, right); x++) {
      row[x >> 3] = (row[x >> 3] ?? 0) | (0x80 >> (x & 7));
    }
  }
  return row;
}

export function isBlack(row: Uint8Array, x: number): boolean {
  return (((row[x >> 3] ?? 0) >> (7 - (x & 7))) & 1) === 1;
}

/** A character of text in font A, in dots. */
export const CHARACTER_WIDTH = 12;
export const CHARACTER_HEIGHT = 24;
const BOX = { left: 1, right: 10, top: 2, bottom: 21 } as const;

/**
 * A line of text as `CHARACTER_HEIGHT` rows in which every character but the space is an empty box: text has a place
 * and a size on the page, but no printer font.
 */
export function textRows(text: string): Uint8Array[] {
  const edge = new Uint8Array(bytesPerRow(text.length * CHARACTER_WIDTH));
  const side = edge.slice();
  for (const [index, character] of [...text].entries()) {
    if (character === ' ') continue;
    for (let x = BOX.left; x <= BOX.right; x++) setBlack(edge, index * CHARACTER_WIDTH + x);
    for (const x of [BOX.left, BOX.right]) setBlack(side, index * CHARACTER_WIDTH + x);
  }
  const blank = new Uint8Array(edge.length);
  return Array.from({ length: CHARACTER_HEIGHT }, (_, y) => {
    if (y < BOX.top || y > BOX.bottom) return blank;
    return y === BOX.top || y === BOX.bottom ? edge : side;
  });
}

function setBlack(row: Uint8Array, x: number): void {
  row[x >> 3] = (row[x >> 3] ?? 0) | (0x80 >> (x & 7));
}
