/**
 * The face of an imprint: facing mark, amount, service, what the meter vouches for in words, and the symbol
 * (domain.md 1.5).
 *
 * One grid serves wide and narrow paper: above, the mark and the amount on one base line; below, the symbol on the
 * right, whose height the words beside it fill. Lengths are millimetres until they are drawn, so that an imprint looks
 * alike at every dpi; only modules and bars are counted in dots.
 */

import { type Bitmap, blit, createBitmap, fillRectangle } from './bitmap.ts';
import { renderFacingMark } from './fim.ts';
import { dotsOf, type HeadArea } from './head.ts';
import type { ImprintField, ImprintText } from './imprint-text.ts';
import { moduleDots, QUIET_MODULES, renderSymbol } from './symbol.ts';
import { capHeight, drawText, fitText, inkEdges, type TextStyle } from './text.ts';

/** Where the symbol stands: its quiet zone included. */
export interface Imprint {
  readonly bitmap: Bitmap;
  readonly symbol: { readonly x: number; readonly y: number; readonly size: number };
}

/** Wide from here on; a head of 80 mm paper reaches 72 mm, one of 58 mm paper 48 mm. */
const WIDE_MM_MIN = 68;
const WIDTH_MM_MAX = 72;
/** From the right edge of the mail piece to the right edge of the mark, and the clear space on both its sides. */
const MARK_FROM_RIGHT_MM = 50.8;
const MARK_CLEAR_MM = 6.35;

/** Everything that is drawn, in dots. */
interface Grid {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly markX: number;
  readonly markBottom: number;
  readonly amountLeft: number;
  readonly bar: { readonly top: number; readonly right: number; readonly height: number };
  /** The first and last row of the words beside the symbol, and their right edge. */
  readonly words: { readonly top: number; readonly bottom: number; readonly right: number };
  /** The line under the symbol, on narrow paper only. */
  readonly footBaseline: number;
  readonly symbolX: number;
  readonly symbolY: number;
}

/** @param payload the bytes of the symbol */
export function composeImprint(text: ImprintText, payload: Uint8Array, profile: HeadArea): Imprint {
  const mark = renderFacingMark(profile.dpi);
  const symbol = renderSymbol(payload, profile.dpi);
  const isWide = profile.headDots >= dotsOf(profile, WIDE_MM_MIN);
  const hasService = text.service !== '';
  const grid = layOut(profile, { isWide, hasService }, mark, symbol);
  const bitmap = createBitmap(grid.width, grid.height);
  blit(bitmap, mark, grid.markX, grid.top);
  blit(bitmap, symbol, grid.symbolX, grid.symbolY);
  drawAmount(bitmap, text, grid, profile);
  if (hasService) drawService(bitmap, text.service, grid, profile);
  if (isWide) drawWideWords(bitmap, text, grid, profile);
  else drawNarrowWords(bitmap, text, grid, profile);
  return { bitmap, symbol: { x: grid.symbolX, y: grid.symbolY, size: symbol.width } };
}

interface Shape {
  readonly isWide: boolean;
  readonly hasService: boolean;
}

function layOut(
  profile: HeadArea,
  { isWide, hasService }: Shape,
  mark: Bitmap,
  symbol: Bitmap,
): Grid {
  const mm = (length: number): number => dotsOf(profile, length);
  const quiet = QUIET_MODULES * moduleDots(profile.dpi);
  const width = Math.min(profile.headDots, mm(WIDTH_MM_MAX));
  const left = quiet;
  const right = width - quiet;
  const top = mm(1);
  const markX = isWide ? width + mm(profile.marginMm) - mm(MARK_FROM_RIGHT_MM) - mark.width : left;
  const markBottom = top + mark.height;
  const symbolX = width - symbol.width;
  const wordsRight = symbolX + quiet - mm(3);
  const bar = {
    top: markBottom + mm(3),
    right: isWide ? wordsRight : right,
    height: hasService ? mm(4.25) : 0,
  };
  const barBottom = bar.top + bar.height;
  const symbolTop = isWide || !hasService ? bar.top : barBottom + mm(2.5);
  const symbolBottom = symbolTop + symbol.height - 2 * quiet;
  const footBaseline = symbolBottom + quiet + mm(3.5);
  return {
    width,
    height: isWide ? symbolBottom + quiet : footBaseline + mm(1),
    left,
    right,
    top,
    markX,
    markBottom,
    amountLeft: markX + mark.width + mm(MARK_CLEAR_MM),
    bar,
    words: { top: isWide ? barBottom : symbolTop, bottom: symbolBottom, right: wordsRight },
    footBaseline,
    symbolX,
    symbolY: symbolTop - quiet,
  };
}

/** The heading over the amount, which stands on the base line of the mark and ends where the symbol ends. */
function drawAmount(bitmap: Bitmap, text: ImprintText, grid: Grid, profile: HeadArea): void {
  const widthMax = grid.right - grid.amountLeft;
  const large: TextStyle = { weight: 700, size: dotsOf(profile, 13.5) };
  const amount = fitText(text.amount, large, widthMax, dotsOf(profile, 3));
  drawText(bitmap, amount.text, amount.style, {
    x: grid.right + inkEdges(amount.text, amount.style).right,
    baseline: grid.markBottom,
    align: 'right',
  });
  const small: TextStyle = { weight: 600, size: dotsOf(profile, 2.4), tracking: 2 };
  const heading = fitText(text.heading, small, widthMax, dotsOf(profile, 1.8));
  drawText(bitmap, heading.text, heading.style, {
    x: grid.right + inkEdges(heading.text, heading.style).right,
    baseline: grid.top + capHeight(heading.style),
    align: 'right',
  });
}

/** The class inscription, white in a black bar. */
function drawService(
  bitmap: Bitmap,
  service: string,
  { left, bar }: Grid,
  profile: HeadArea,
): void {
  const width = bar.right - left;
  fillRectangle(bitmap, { x: left, y: bar.top, width, height: bar.height });
  const style: TextStyle = { weight: 600, size: dotsOf(profile, 2.75), tracking: 1 };
  const padding = dotsOf(profile, 1.25);
  const shown = fitText(service, style, width - 2 * padding, dotsOf(profile, 1.9));
  const baseline = bar.top + Math.round((bar.height + capHeight(shown.style)) / 2);
  drawText(bitmap, shown.text, shown.style, { x: left + padding, baseline, ink: 0 });
}

interface FieldPlace {
  readonly x: number;
  readonly bottom: number;
  readonly widthMax: number;
  readonly align: 'left' | 'right';
}

function valueStyle(profile: HeadArea): TextStyle {
  return { weight: 600, size: dotsOf(profile, 3.25) };
}

function captionStyle(profile: HeadArea): TextStyle {
  return { weight: 500, size: dotsOf(profile, 1.9), tracking: 1 };
}

/** From the head of a caption to the base line of its value. */
function captionedHeight(profile: HeadArea): number {
  const values = capHeight(valueStyle(profile));
  return values + dotsOf(profile, 0.9) + capHeight(captionStyle(profile));
}

/** A small caption over its value, which stands on the row `bottom`. */
function drawField(
  bitmap: Bitmap,
  { caption, value }: ImprintField,
  { x, bottom, widthMax, align }: FieldPlace,
  profile: HeadArea,
): void {
  const shown = fitText(value, valueStyle(profile), widthMax, dotsOf(profile, 1.9));
  drawText(bitmap, shown.text, shown.style, { x, baseline: bottom, align });
  const small = captionStyle(profile);
  const baseline = bottom - captionedHeight(profile) + capHeight(small);
  drawText(bitmap, caption, small, { x, baseline, align });
}

/** Two rows of two fields. */
function drawWideWords(
  bitmap: Bitmap,
  text: ImprintText,
  { left, words }: Grid,
  profile: HeadArea,
): void {
  const middle = Math.round((words.top + words.bottom) / 2);
  const gap = dotsOf(profile, 2.5);
  const rows = [
    { bottom: middle, first: text.mailed, second: text.piece, share: 0.52 },
    { bottom: words.bottom, first: text.meter, second: text.origin, share: 0.72 },
  ];
  for (const { bottom, first, second, share } of rows) {
    const width = words.right - left - gap;
    const firstMax = Math.round(width * share);
    drawField(bitmap, first, { x: left, bottom, widthMax: firstMax, align: 'left' }, profile);
    const place = { x: words.right, bottom, widthMax: width - firstMax, align: 'right' } as const;
    drawField(bitmap, second, place, profile);
  }
}

/** Three fields, from the top of the symbol to its bottom, and under them, as long as the paper is wide, the meter. */
function drawNarrowWords(
  bitmap: Bitmap,
  text: ImprintText,
  { left, right, words, footBaseline }: Grid,
  profile: HeadArea,
): void {
  const widthMax = words.right - left;
  const fields = [text.mailed, text.origin, text.piece];
  const height = captionedHeight(profile);
  const pitch = (words.bottom - words.top - height) / (fields.length - 1);
  fields.forEach((field, row) => {
    const bottom = Math.round(words.top + height + row * pitch);
    drawField(bitmap, field, { x: left, bottom, widthMax, align: 'left' }, profile);
  });
  const caption = captionStyle(profile);
  drawText(bitmap, text.meter.caption, caption, { x: left, baseline: footBaseline });
  const place = { x: right, baseline: footBaseline, align: 'right' } as const;
  drawText(bitmap, text.meter.value, valueStyle(profile), place);
}
