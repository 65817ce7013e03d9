/** The label of a postmark: its symbol, and beside or below it what it says, for a paper document (requirements.md D1). */

import { type Bitmap, blit, createBitmap, fillRectangle } from './bitmap.ts';
import { dotsOf, type HeadArea } from './head.ts';
import { LabelError } from './label-error.ts';
import type { Layout } from './layout.ts';
import { mediaDots } from './media.ts';
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

/** @throws LabelError where it cannot be had on this paper */
export function composePostmark(label: PostmarkLabel, area: HeadArea, layout: Layout): Bitmap {
  const { widthDots, heightDots } = mediaDots(layout.media, area);
  const width = widthDots === 0 ? area.headDots : widthDots;
  const content = compose(label, width, area);
  if (content.height > (heightDots ?? content.height))
    throw new LabelError('noRoom', `a postmark does not fit on ${layout.title}`);
  const paper = createBitmap(width, heightDots ?? content.height);
  blit(paper, content, 0, 0);
  return paper;
}

function compose({ title, lines, payload }: PostmarkLabel, width: number, area: HeadArea): Bitmap {
  const symbol = renderSymbol(payload, area.dpi);
  if (symbol.width > width)
    throw new LabelError('noRoom', 'the symbol of a postmark is wider than this paper');
  const margin = dotsOf(area, 1);
  const gap = dotsOf(area, 3);
  const heading: TextStyle = { weight: 700, size: dotsOf(area, 4.5) };
  const words: TextStyle = { weight: 500, size: dotsOf(area, 2.75) };
  const shown = lines.slice(0, LINES_MAX);
  const pitch = Math.round(words.size * 1.35);
  // Beside the symbol where half of the paper is left, below it otherwise.
  const isBeside = width - symbol.width >= width / 2;
  const left = isBeside ? symbol.width + gap : margin;
  const top = isBeside ? margin : symbol.height + gap + margin;
  const height = Math.max(symbol.height, top + heading.size + gap + pitch * shown.length);
  const bitmap = createBitmap(width, height + 2 * margin);
  blit(bitmap, symbol, isBeside ? 0 : Math.round((width - symbol.width) / 2), margin);
  const room = width - left - margin;
  const write = (text: string, style: TextStyle, baseline: number): void => {
    const fitting = fitText(text, style, room, Math.round(style.size * 0.6));
    drawText(bitmap, fitting.text, fitting.style, { x: left, baseline });
  };
  const base = top + heading.size;
  write(title, heading, base);
  const ruleY = base + Math.round(gap / 3);
  fillRectangle(bitmap, { x: left, y: ruleY, width: room, height: dotsOf(area, 0.4) });
  shown.forEach((line, row) => {
    write(line, words, base + gap + pitch * (row + 1));
  });
  return bitmap;
}
