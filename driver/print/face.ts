/**
 * Everything that is printed of one piece, as one picture on its paper: the imprint at the upper right, clear space around
 * it that sorting machines need, and what the customer adds (requirements.md F6; domain.md 1.5).
 *
 * What the symbol holds and what the words say is the caller's: an indicium here, a postmark or certificate elsewhere.
 */

import { composeLines, place } from './address.ts';
import { type Bitmap, blit, createBitmap } from './bitmap.ts';
import { dotsOf, type HeadArea } from './head.ts';
import { composeImprint, type Imprint } from './imprint.ts';
import type { ImprintText } from './imprint-text.ts';
import { LabelError } from './label-error.ts';
import type { Arrangement, Box, Layout } from './layout.ts';
import { mediaDots } from './media.ts';
import type { PrinterProfile } from './printer-profile.ts';
import { stampAcross, stampSymbol } from './stamp.ts';
import { missingCharacters, type TextStyle } from './text.ts';

export interface Face {
  readonly words: ImprintText;
  /** What the symbol holds. */
  readonly payload: Uint8Array;
  /** A word over all of it, or over the symbol alone, where it is worth nothing. */
  readonly stamp?: { readonly word: string; readonly over: 'all' | 'symbol' } | undefined;
}

/** What the customer adds. */
export interface Extras {
  /** At most twelve lines; a line that is too long is set smaller, then cut. */
  readonly returnAddress?: readonly string[] | undefined;
  readonly addressee?: readonly string[] | undefined;
  /** Art or advertisement in dots of this printer. */
  readonly advert?: Bitmap | undefined;
}

/** Nothing may be printed so close to the left of or below an imprint: ½ inch. */
const CLEAR_MM = 12.7;
/** What rolls and cutters are off by. */
const LABEL_INSET_MM = 1.5;

/** @throws LabelError where it cannot be had on this paper, printer, or with these letters */
export function composeFace(
  face: Face,
  profile: PrinterProfile,
  layout: Layout,
  extras: Extras = {},
): Bitmap {
  requireGlyphs([face.words.service, ...(extras.returnAddress ?? []), ...(extras.addressee ?? [])]);
  const { arrangement, isTurned = false, sheet } = layout;
  const { widthDots, heightDots } = mediaDots(layout.media, profile);
  const across = (isTurned ? heightDots : widthDots) ?? widthDots;
  if (across > profile.headDots)
    throw new LabelError('wrongPrinter', `${layout.title} is wider than the head of this printer`);
  if (sheet !== undefined && profile.language !== 'pdf')
    throw new LabelError('wrongPrinter', `a sheet is printed by an office printer only`);
  const size = { width: widthDots === 0 ? profile.headDots : widthDots, height: heightDots };
  const area = { dpi: profile.dpi, headDots: size.width, marginMm: profile.marginMm };
  if (arrangement.kind === 'placed') return placed(face, area, size.height, arrangement, extras);
  if (widthDots === 0) return stacked(face, area, extras);
  const inset = dotsOf(profile, LABEL_INSET_MM);
  const inner = { ...area, headDots: size.width - 2 * inset, marginMm: LABEL_INSET_MM };
  const heightMax = size.height === undefined ? undefined : size.height - 2 * inset;
  const content = stacked(face, inner, extras, heightMax);
  const paper = createBitmap(size.width, size.height ?? content.height + 2 * inset);
  requireRoom(content.height + 2 * inset, paper.height, layout.title);
  blit(paper, content, inset, inset);
  return paper;
}

/** @throws LabelError `noGlyph` with the letters that no font here has */
function requireGlyphs(texts: readonly string[]): void {
  const missing = missingCharacters(texts.join(''));
  if (missing.length === 0) return;
  const shown = missing.slice(0, 8).map((character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return `${character} (U+${code})`;
  });
  throw new LabelError('noGlyph', `no font here has ${shown.join(', ')}`);
}

function requireRoom(needed: number, there: number, title: string): void {
  if (needed > there)
    throw new LabelError('noRoom', `the label takes ${needed} dots of the ${there} of ${title}`);
}

function imprintOf({ words, payload, stamp }: Face, area: HeadArea): Imprint {
  const imprint = composeImprint(words, payload, area);
  if (stamp?.over === 'all') stampAcross(imprint.bitmap, stamp.word);
  if (stamp?.over === 'symbol') stampSymbol(imprint, stamp.word);
  return imprint;
}

const smallStyle = (area: HeadArea): TextStyle => ({ weight: 500, size: dotsOf(area, 2.75) });
const largeStyle = (area: HeadArea): TextStyle => ({ weight: 600, size: dotsOf(area, 4.25) });

/** One under the other, as wide as the head; as long as it takes, where the paper has no end. */
function stacked(face: Face, area: HeadArea, extras: Extras, heightMax?: number): Bitmap {
  const { bitmap: imprint } = imprintOf(face, area);
  const clear = dotsOf(area, CLEAR_MM);
  const left = heightMax === undefined ? undefined : heightMax - imprint.height - clear;
  const below = stackedExtras(area, extras, left);
  const added = below === undefined ? 0 : clear + below.height;
  const label = createBitmap(area.headDots, imprint.height + added);
  blit(label, imprint, area.headDots - imprint.width, 0);
  if (below !== undefined) blit(label, below, 0, label.height - below.height);
  return label;
}

/** Return address, art and addressee, one under the other; undefined where there is nothing. */
function stackedExtras(
  area: HeadArea,
  extras: Extras,
  heightMax = Number.POSITIVE_INFINITY,
): Bitmap | undefined {
  const { returnAddress = [], addressee = [], advert } = extras;
  if (advert !== undefined && advert.width > area.headDots)
    throw new LabelError('noRoom', `an advert has at most ${area.headDots} dots across here`);
  const left = dotsOf(area, 1);
  const width = area.headDots - 2 * left;
  const small = composeLines(returnAddress, smallStyle(area), { width }, area);
  const gap = dotsOf(area, 4);
  const above = [small, advert].reduce((sum, part) => sum + (part ? part.height + gap : 0), 0);
  const place = { width, height: heightMax - above };
  const large = composeLines(addressee, largeStyle(area), place, area);
  const parts = [small, advert, large].filter((part) => part !== undefined);
  if (parts.length === 0) return undefined;
  const height = parts.reduce((sum, part) => sum + part.height + gap, -gap);
  const result = createBitmap(area.headDots, height);
  let y = 0;
  for (const part of parts) {
    blit(result, part, part === advert ? Math.round((area.headDots - part.width) / 2) : left, y);
    y += part.height + gap;
  }
  return result;
}

/** Each part in its box; a box that the imprint needs is smaller by it. */
function placed(
  face: Face,
  area: HeadArea,
  height: number | undefined,
  arrangement: Extract<Arrangement, { kind: 'placed' }>,
  { returnAddress = [], addressee = [], advert }: Extras,
): Bitmap {
  const { insetMm } = arrangement;
  const { bitmap: imprint } = imprintOf(face, { ...area, marginMm: insetMm.right });
  const top = dotsOf(area, insetMm.top);
  const paper = createBitmap(area.headDots, height ?? imprint.height + 2 * top);
  requireRoom(imprint.height + top, paper.height, 'this paper');
  blit(paper, imprint, paper.width - dotsOf(area, insetMm.right) - imprint.width, top);

  const boxOf = (name: 'returnAddress' | 'addressee' | 'advert'): DotBox => {
    const box = arrangement[name];
    if (box === undefined)
      throw new LabelError('noPlace', `this layout has no ${placeNames[name]}`);
    return inDots(box, area);
  };
  if (returnAddress.length > 0) {
    const box = boxOf('returnAddress');
    place(paper, composeLines(returnAddress, smallStyle(area), box, area), box);
  }
  if (addressee.length > 0) {
    const box = boxOf('addressee');
    place(paper, composeLines(addressee, largeStyle(area), box, area), box);
  }
  if (advert !== undefined) {
    const box = boxOf('advert');
    if (advert.width > box.width || advert.height > box.height)
      throw new LabelError('noRoom', `an advert has ${box.width} by ${box.height} dots here`);
    place(paper, advert, box);
  }
  return paper;
}

const placeNames = {
  returnAddress: 'place for a return address',
  addressee: 'place for an addressee',
  advert: 'place for art',
} as const;

interface DotBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function inDots(box: Box, area: HeadArea): DotBox {
  return {
    x: dotsOf(area, box.x),
    y: dotsOf(area, box.y),
    width: dotsOf(area, box.width),
    height: dotsOf(area, box.height),
  };
}
