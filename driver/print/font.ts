/** The letters of the labels: IBM Plex Sans (SIL Open Font License 1.1), read from its npm package and never from the system. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Font, type Glyph, parseFont } from './opentype.ts';

export type Weight = 400 | 500 | 600 | 700;

/** A glyph and the font it stands in. */
export interface FoundGlyph {
  readonly font: Font;
  readonly glyph: Glyph;
}

/** The package cuts the font into files by script; they are asked in this order. */
const scripts = ['latin', 'latin-ext', 'greek', 'cyrillic', 'vietnamese'] as const;
type Script = (typeof scripts)[number];

const locate = createRequire(import.meta.url).resolve;
const fonts = new Map<string, Font>();

function loadFont(script: Script, weight: Weight): Font {
  const name = `ibm-plex-sans-${script}-${weight}-normal.woff`;
  let font = fonts.get(name);
  if (font === undefined) {
    font = parseFont(readFileSync(locate(`@fontsource/ibm-plex-sans/files/${name}`)));
    fonts.set(name, font);
  }
  return font;
}

/** The glyph of a character in a weight; undefined where the font has none. */
export function findGlyph(character: string, weight: Weight): FoundGlyph | undefined {
  for (const script of scripts) {
    const font = loadFont(script, weight);
    const glyph = font.charToGlyph(character);
    if (glyph.index !== 0) return { font, glyph };
  }
  return undefined;
}

/** How much closer together two glyphs stand, in ems; mostly negative. Glyphs of different files are not kerned. */
export function kerning(left: FoundGlyph, right: FoundGlyph): number {
  if (left.font !== right.font) return 0;
  return left.font.getKerningValue(left.glyph, right.glyph) / left.font.unitsPerEm;
}
