/** The label of a postmark: its symbol, and beside or below it what it says, for a paper document (requirements.md D1). */

import { type Bitmap, blit, createBitmap, fillRectangle } from './bitmap.ts';
import { dotsOf } from './head.ts';
import type { PrinterProfile } from './printer-profile.ts';
import { renderSymbol } from './symbol.ts';
import { drawText, fitText, type TextStyle } from './text.ts';

export interface PostmarkLabel {
  /** What it is, as `Postmark`. */
  readonly title: string;
  /** At most eight. */
  readonly lines: readonly string[];
  /** Bytes of the symbol. */
  readonly payload: Uint8Array;
}

const LINES_MAX = 8;

export function composePostmark(label: PostmarkLabel, profile: PrinterProfile): Bitmap {
  const { title, payload } = label;
  const symbol = renderSymbol(payload, profile.dpi);
  const margin = dotsOf(profile, 1);
  const gap = dotsOf(profile, 3);
  const heading: TextStyle = { weight: 700, size: dotsOf(profile, 4.5) };
  const words: TextStyle = { weight: 500, size: dotsOf(profile, 2.75) };
  const lines = label.lines.slice(0, LINES_MAX);
  const pitch = Math.round(words.size * 1.35);
  const wordsHeight = heading.size + gap + pitch * lines.length;
  // Beside the symbol where half of the head is left, below it otherwise.
  const isBeside = profile.headDots - symbol.width >= profile.headDots / 2;
  const wordsX = isBeside ? symbol.width + gap : margin;
  const wordsY = isBeside ? 0 : symbol.height + gap;
  const height = Math.max(symbol.height, wordsY + wordsHeight) + 2 * margin;
  const bitmap = createBitmap(profile.headDots, height);
  blit(bitmap, symbol, isBeside ? 0 : Math.round((profile.headDots - symbol.width) / 2), margin);
  const write = (text: string, style: TextStyle, baseline: number): void => {
    const width = profile.headDots - wordsX - margin;
    const shown = fitText(text, style, width, Math.round(style.size * 0.6));
    drawText(bitmap, shown.text, shown.style, { x: wordsX, baseline });
  };
  let baseline = margin + wordsY + heading.size;
  write(title, heading, baseline);
  const rule = { x: wordsX, y: baseline + Math.round(gap / 3), height: dotsOf(profile, 0.4) };
  fillRectangle(bitmap, { ...rule, width: profile.headDots - wordsX - margin });
  baseline += gap;
  for (const line of lines) {
    baseline += pitch;
    write(line, words, baseline);
  }
  return bitmap;
}
