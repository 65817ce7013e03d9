/** Words over an imprint that has no value, so that nobody takes it for postage (domain.md R37). */

import { type Bitmap, blit, createBitmap, grow, screened } from './bitmap.ts';
import type { Imprint } from './imprint.ts';
import { capHeight, drawText, drawTurnedText, measureText, type TextStyle } from './text.ts';

/** Dots of white around the letters of a stamp. */
const STAMP_BORDER = 4;

/** A word over the whole imprint, rising to the right, so that no part of it can be taken for postage. */
export function stampAcross(bitmap: Bitmap, word: string): void {
  const { width, height } = bitmap;
  const length = Math.hypot(width, height) * 0.86;
  const cosine = width / Math.hypot(width, height);
  const sine = height / Math.hypot(width, height);
  const unit: TextStyle = { weight: 700, size: 100, tracking: 8 };
  const size = Math.floor((length / measureText(word, unit)) * 100);
  const style: TextStyle = { weight: 700, size, tracking: Math.round(size * 0.08) };
  const along = measureText(word, style) / 2;
  const across = capHeight(style) / 2;
  const letters = createBitmap(width, height);
  drawTurnedText(letters, word, style, {
    a: cosine,
    b: -sine,
    c: sine,
    d: cosine,
    e: width / 2 - along * cosine + across * sine,
    f: height / 2 + along * sine + across * cosine,
  });
  stamp(bitmap, letters, screened(letters));
}

/** A word over the symbol. */
export function stampSymbol({ bitmap, symbol }: Imprint, word: string): void {
  const unit: TextStyle = { weight: 700, size: 100 };
  const size = Math.floor(((symbol.size * 0.8) / measureText(word, unit)) * 100);
  const style: TextStyle = { weight: 700, size };
  const letters = createBitmap(bitmap.width, bitmap.height);
  drawText(letters, word, style, {
    x: symbol.x + Math.round(symbol.size / 2),
    baseline: symbol.y + Math.round((symbol.size + capHeight(style)) / 2),
    align: 'centre',
  });
  stamp(bitmap, letters, letters);
}

/** Letters with a white border around them, in black or in a screen of themselves. */
function stamp(bitmap: Bitmap, letters: Bitmap, filled: Bitmap): void {
  blit(bitmap, grow(letters, STAMP_BORDER), 0, 0, 0);
  blit(bitmap, filled, 0, 0, 1);
}
