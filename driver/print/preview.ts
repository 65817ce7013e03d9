/** What a printer would print, for the eye: PNG, SVG and a terminal picture, made from the same dots (printing.md 5). */

import { encode } from 'fast-png';
import { type Bitmap, type Dot, dotAt, magnify } from './bitmap.ts';
import { contoursOf } from './contours.ts';

export interface PngOptions {
  /** Pixels a dot, a whole number; 1 where nothing is said. */
  readonly scale?: number;
}

/**
 * The dots as a PNG of one bit a pixel, which readers of symbols take as it is.
 * @throws RangeError for a scale that would not keep every dot the same size
 */
export function previewPng(bitmap: Bitmap, { scale = 1 }: PngOptions = {}): Uint8Array {
  if (!Number.isInteger(scale) || scale < 1)
    throw new RangeError('dots are scaled by a whole number, else they lose their shape');
  const { width, height, data } = scale === 1 ? bitmap : magnify(bitmap, scale);
  const pixels = data.map((byte) => ~byte); // in a PNG black is 0
  return encode({ width, height, data: pixels, depth: 1, channels: 1 });
}

/** The dots as one path along their edges, in millimetres on paper. */
export function previewSvg(bitmap: Bitmap, dpi: number): string {
  const { width, height } = bitmap;
  const millimetres = (dots: number): string => `${((dots * 25.4) / dpi).toFixed(3)}mm`;
  const path = contoursOf(bitmap).map((corners) => {
    let text = `M${corners[0]} ${corners[1]}`;
    for (let at = 2; at < corners.length; at += 2)
      text += corners[at] === corners[at - 2] ? `V${corners[at + 1]}` : `H${corners[at]}`;
    return `${text}Z`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${millimetres(width)}" height="${millimetres(height)}"`,
    ` viewBox="0 0 ${width} ${height}" shape-rendering="crispEdges">`,
    `<rect width="${width}" height="${height}" fill="#fff"/><path d="${path.join('')}"/></svg>\n`,
  ].join('');
}

export interface TerminalOptions {
  /** The most columns; where the picture is wider it is shrunk by a whole number, and a symbol in it cannot be read. */
  readonly columns?: number;
  /** Whether to set black on white by escape sequences; without, black dots have the colour of the terminal's text. */
  readonly isColoured?: boolean;
}

const BLACK_ON_WHITE = '\u001b[30;107m';
const RESET = '\u001b[0m';

/** The dots as lines of half blocks, two rows of dots a line. */
export function previewTerminal(
  bitmap: Bitmap,
  { columns = 80, isColoured = true }: TerminalOptions = {},
): string {
  const shrink = Math.max(1, Math.ceil(bitmap.width / columns));
  const width = Math.ceil(bitmap.width / shrink);
  const height = Math.ceil(bitmap.height / shrink);
  const lines: string[] = [];
  for (let y = 0; y < height; y += 2) {
    let line = '';
    for (let x = 0; x < width; x++)
      line += halfBlock(shrunk(bitmap, x, y, shrink), shrunk(bitmap, x, y + 1, shrink));
    lines.push(isColoured ? `${BLACK_ON_WHITE}${line}${RESET}` : line.trimEnd());
  }
  return lines.join('\n');
}

function halfBlock(upper: Dot, lower: Dot): string {
  if (upper === 1) return lower === 1 ? '█' : '▀';
  return lower === 1 ? '▄' : ' ';
}

/** One dot for a square of them: black where at least two fifths are. */
function shrunk(bitmap: Bitmap, x: number, y: number, size: number): Dot {
  let black = 0;
  for (let row = y * size; row < (y + 1) * size; row++)
    for (let column = x * size; column < (x + 1) * size; column++)
      black += dotAt(bitmap, column, row);
  return black * 5 >= size * size * 2 ? 1 : 0;
}
