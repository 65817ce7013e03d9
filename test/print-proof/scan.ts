/** What a camera sees of dots on paper: turned a little, blurred, noisy, in grey (printing.md 4.3). */

import { encode } from 'fast-png';
import { type Bitmap, dotAt } from '#driver/print/bitmap';

/** Pixels a dot: 600 dpi over a head of 203. */
const SCALE = 3;
const TURN = (3 * Math.PI) / 180;
/** Of white and of black, and what each pixel may be off by. */
const WHITE = 205;
const BLACK = 60;
const NOISE = 24;
/** Samples a side of what one pixel gathers light from, which is as wide as a dot and a half. */
const SAMPLES = 3;
const GATHERED_DOTS = 1.5;

/** @param dice 0 to 1 @returns a PNG of 8 bits of grey */
export function scan(paper: Bitmap, dice: () => number): Uint8Array {
  const width = (paper.width + 24) * SCALE;
  const height = (paper.height + 24) * SCALE;
  const data = new Uint8Array(width * height);
  const [cosine, sine] = [Math.cos(TURN), Math.sin(TURN)];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const fromX = (x - width / 2) / SCALE;
      const fromY = (y - height / 2) / SCALE;
      const onX = fromX * cosine + fromY * sine + paper.width / 2;
      const onY = fromY * cosine - fromX * sine + paper.height / 2;
      const dark = darkness(paper, onX, onY);
      const noise = (dice() - 0.5) * 2 * NOISE;
      data[y * width + x] = Math.max(0, Math.min(255, WHITE - dark * (WHITE - BLACK) + noise));
    }
  return encode({ width, height, data, depth: 8, channels: 1 });
}

/** The share of black around a place on the paper. */
function darkness(paper: Bitmap, x: number, y: number): number {
  let black = 0;
  for (let row = 0; row < SAMPLES; row++)
    for (let column = 0; column < SAMPLES; column++) {
      const atX = x + ((column + 0.5) / SAMPLES - 0.5) * GATHERED_DOTS;
      const atY = y + ((row + 0.5) / SAMPLES - 0.5) * GATHERED_DOTS;
      black += dotAt(paper, Math.floor(atX), Math.floor(atY));
    }
  return black / SAMPLES ** 2;
}
