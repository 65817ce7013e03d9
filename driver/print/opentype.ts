/** The one place that calls opentype.js, with the types it does not bring: outlines of glyphs, and how they stand together. */

import opentype from 'opentype.js';

/** A piece of an outline, in dots; y grows downwards. */
export type PathCommand =
  | { readonly type: 'M'; readonly x: number; readonly y: number }
  | { readonly type: 'L'; readonly x: number; readonly y: number }
  | {
      readonly type: 'Q';
      readonly x1: number;
      readonly y1: number;
      readonly x: number;
      readonly y: number;
    }
  | {
      readonly type: 'C';
      readonly x1: number;
      readonly y1: number;
      readonly x2: number;
      readonly y2: number;
      readonly x: number;
      readonly y: number;
    }
  | { readonly type: 'Z' };

export interface Glyph {
  /** 0 for a character that the font lacks. */
  readonly index: number;
  /** In units of the font. */
  readonly advanceWidth: number;
  /** The outline with the pen at a place, `size` dots an em. */
  getPath(x: number, y: number, size: number): { readonly commands: readonly PathCommand[] };
}

export interface Font {
  readonly unitsPerEm: number;
  charToGlyph(character: string): Glyph;
  /** In units of the font; mostly negative. */
  getKerningValue(left: Glyph, right: Glyph): number;
}

/** @param file a WOFF or TrueType file @throws Error where it is none */
export function parseFont(file: Uint8Array): Font {
  return opentype.parse(new Uint8Array(file).buffer) as Font;
}
