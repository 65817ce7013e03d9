/** Text as dots: no printer font, no code page, and no byte of a name ever reaches a printer (printing.md 1.1, 1.4). */

import { type Bitmap, blit, createBitmap, type Dot, dotAt, strokeRectangle } from './bitmap.ts';
import { type FoundGlyph, findGlyph, kerning, type Weight } from './font.ts';
import { fillOutline, type Transform, translation } from './outline.ts';

export interface TextStyle {
  readonly weight: Weight;
  /** Dots of an em, 6 to 400. */
  readonly size: number;
  /** Dots between letters besides their own. */
  readonly tracking?: number;
}

export interface TextPlace {
  readonly x: number;
  /** The row that the letters stand on. */
  readonly baseline: number;
  /** Which end of the text `x` is; `left` where nothing is said. */
  readonly align?: 'left' | 'centre' | 'right';
  /** The colour of the letters; black where nothing is said. */
  readonly ink?: Dot;
}

/** Height of a capital letter of the font, in ems. */
const CAP_HEIGHT = 0.698;
/** What a character that the font lacks takes, in ems. */
const BOX_ADVANCE = 0.6;
/** What letters reach above and below the line, in ems, with accents. */
const ASCENT = 1.1;
const DESCENT = 0.3;

/** One character as dots, with the place of the pen in it. */
interface DotGlyph {
  readonly dots: Bitmap;
  readonly penX: number;
  readonly penY: number;
  readonly advance: number;
  readonly found: FoundGlyph | undefined;
}

const drawnGlyphs = new Map<string, DotGlyph>();
/** More than all letters of a job in a few sizes; then they are drawn anew. */
const DRAWN_GLYPHS_MAX = 4_096;

/**
 * What of a text can be printed: accents composed, white space as single spaces, and without control, formatting and
 * half characters, which have no shape.
 */
export function printable(text: string): string {
  return text.normalize('NFC').replace(/\s+/gu, ' ').replace(/\p{C}/gu, '');
}

/** What of a text no font here has a glyph for, each once, in its order. */
export function missingCharacters(text: string): readonly string[] {
  const characters = new Set(printable(text));
  return [...characters].filter((character) => findGlyph(character, 600) === undefined);
}

/** Height of the capitals of a style in whole dots. */
export function capHeight(style: TextStyle): number {
  return Math.round(style.size * CAP_HEIGHT);
}

/** Width of a text in whole dots, from the first letter's side to the last one's. */
export function measureText(text: string, style: TextStyle): number {
  let width = 0;
  for (const { offset, glyph } of layOut(text, style)) width = offset + glyph.advance;
  return width;
}

/** The white dots that the first and the last letter bring along, to set a text flush by what is seen of it. */
export function inkEdges(
  text: string,
  style: TextStyle,
): { readonly left: number; readonly right: number } {
  const width = measureText(text, style);
  const reach = style.size;
  const line = createBitmap(width + 2 * reach, Math.ceil(reach * (ASCENT + DESCENT)));
  drawText(line, text, style, { x: reach, baseline: Math.ceil(reach * ASCENT) });
  const isInk = (x: number): boolean => {
    for (let y = 0; y < line.height; y++) if (dotAt(line, x, y) === 1) return true;
    return false;
  };
  let left = 0;
  while (left < line.width && !isInk(left)) left += 1;
  let right = line.width;
  while (right > left && !isInk(right - 1)) right -= 1;
  return left === right
    ? { left: 0, right: 0 }
    : { left: left - reach, right: reach + width - right };
}

/** Draws a text on a line. */
export function drawText(target: Bitmap, text: string, style: TextStyle, place: TextPlace): void {
  const { x, baseline, align = 'left', ink = 1 } = place;
  const width = align === 'left' ? 0 : measureText(text, style);
  const left = align === 'centre' ? x - Math.round(width / 2) : x - width;
  for (const { offset, glyph } of layOut(text, style))
    blit(target, glyph.dots, left + offset - glyph.penX, baseline - glyph.penY, ink);
}

/** Characters of a line that are looked at. */
const CHARACTERS_MAX = 160;

/**
 * The largest style that gives a text the width it may have, down to `sizeMin`; the text is cut with an ellipsis where
 * even that is too wide.
 */
export function fitText(
  given: string,
  style: TextStyle,
  widthMax: number,
  sizeMin: number,
): { readonly text: string; readonly style: TextStyle } {
  // more than this never fits a head; measuring each shorter one would take minutes
  const text = Array.from(given).slice(0, CHARACTERS_MAX).join('');
  let size = style.size;
  while (size > sizeMin && measureText(text, { ...style, size }) > widthMax) size -= 1;
  const fitting = { ...style, size };
  const characters = Array.from(printable(text));
  let shown = characters.join('');
  while (characters.length > 0 && measureText(shown, fitting) > widthMax) {
    characters.pop();
    shown = `${characters.join('').trimEnd()}…`;
  }
  return { text: shown, style: fitting };
}

/** Draws a text along any direction; the transform takes the start of its base line to its place. */
export function drawTurnedText(
  target: Bitmap,
  text: string,
  style: TextStyle,
  transform: Transform,
): void {
  const { a, b, c, d, e, f } = transform;
  for (const { offset, glyph } of layOut(text, style)) {
    if (glyph.found === undefined) continue;
    const placed: Transform = { a, b, c, d, e: e + a * offset, f: f + b * offset };
    fillOutline(target, glyph.found.glyph.getPath(0, 0, style.size).commands, placed);
  }
}

function* layOut(
  text: string,
  style: TextStyle,
): Generator<{ readonly offset: number; readonly glyph: DotGlyph }> {
  const { size, tracking = 0 } = style;
  let offset = 0;
  let before: FoundGlyph | undefined;
  for (const character of printable(text)) {
    const glyph = drawGlyph(character, style.weight, size);
    if (before !== undefined && glyph.found !== undefined)
      offset += Math.round(kerning(before, glyph.found) * size);
    yield { offset, glyph };
    offset += glyph.advance + tracking;
    before = glyph.found;
  }
}

function drawGlyph(character: string, weight: Weight, size: number): DotGlyph {
  const key = `${weight} ${size} ${character}`;
  let drawn = drawnGlyphs.get(key);
  if (drawn === undefined) {
    const found = findGlyph(character, weight);
    drawn = found === undefined ? missingGlyph(size) : renderGlyph(found, size);
    if (drawnGlyphs.size >= DRAWN_GLYPHS_MAX) drawnGlyphs.clear();
    drawnGlyphs.set(key, drawn);
  }
  return drawn;
}

function renderGlyph(found: FoundGlyph, size: number): DotGlyph {
  const advance = Math.round((found.glyph.advanceWidth / found.font.unitsPerEm) * size);
  const penX = Math.ceil(size * 0.3); // accents and italics may reach to the left of the pen
  const penY = Math.ceil(size * ASCENT);
  const dots = createBitmap(advance + 2 * penX, penY + Math.ceil(size * DESCENT));
  fillOutline(dots, found.glyph.getPath(0, 0, size).commands, translation(penX, penY));
  return { dots, penX, penY, advance, found };
}

/** A box, so that nobody takes an incomplete name for a complete one. */
function missingGlyph(size: number): DotGlyph {
  const advance = Math.round(size * BOX_ADVANCE);
  const height = Math.round(size * CAP_HEIGHT);
  const dots = createBitmap(advance, height);
  const side = Math.max(1, Math.round(size * 0.06));
  strokeRectangle(
    dots,
    { x: side, y: 0, width: advance - 2 * side, height },
    Math.max(1, Math.round(size / 16)),
  );
  return { dots, penX: 0, penY: height, advance, found: undefined };
}
