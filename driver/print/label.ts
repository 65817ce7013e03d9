/**
 * A postage label as one picture: the imprint at the upper right, below it the clear space that sorting machines need,
 * then what the customer adds: return address, addressee, art (requirements.md F6; domain.md 1.5).
 */

import {
  type Indicium,
  type IndiciumFields,
  indiciumCore,
  joinIndicium,
} from '#protocol/documents/indicium';
import { mills } from '#protocol/mills';
import { type Bitmap, blit, createBitmap, grow, screened } from './bitmap.ts';
import { composeImprint, type Imprint } from './imprint.ts';
import { imprintText } from './imprint-text.ts';
import { dotsOf, type PrinterProfile } from './printer-profile.ts';
import {
  capHeight,
  drawText,
  drawTurnedText,
  fitText,
  measureText,
  type TextStyle,
} from './text.ts';

/**
 * `postage`: worth money. `specimen`: to look at before paying; nothing in it is signed. `void`: to try a printer with;
 * nothing in it is signed, and the amount is 0 (domain.md R37).
 */
export type LabelVariant = 'postage' | 'specimen' | 'void';

export interface LabelOptions {
  /** `postage` where nothing is said. */
  readonly variant?: LabelVariant;
  /** The class inscription, as `First-class letter`. */
  readonly service?: string;
  /** What stands before the amount; `$` where nothing is said. */
  readonly currency?: string;
  /** Whether this indicium was on paper before: it says so beside the symbol. */
  readonly isReprint?: boolean;
  /** At most twelve lines; a line that is too long is set smaller, then cut. */
  readonly returnAddress?: readonly string[];
  readonly addressee?: readonly string[];
  /** Art or advertisement in dots of this printer, no wider than the head. */
  readonly advert?: Bitmap;
}

/** Nothing may be printed so close to the left of or below an imprint: ½ inch. */
const CLEAR_MM = 12.7;
/** Dots of white around the letters of a stamp. */
const STAMP_BORDER = 4;

/** @throws RangeError for postage without a signature, and for an advert that is wider than the head */
export function composeLabel(
  indicium: Indicium,
  profile: PrinterProfile,
  options: LabelOptions = {},
): Bitmap {
  const { variant = 'postage', service = '', currency = '$', isReprint } = options;
  const shown = variant === 'void' ? voided(indicium) : indicium;
  const payload = joinIndicium(indiciumCore(shown), signatureOf(indicium, variant));
  const words = imprintText(shown, { currency, service, isReprint });
  const imprint = composeImprint(words, payload, profile);
  if (variant === 'specimen') stampAcross(imprint.bitmap, 'SPECIMEN');
  if (variant === 'void') stampSymbol(imprint, 'VOID');
  return joinParts(imprint.bitmap, composeExtras(profile, options), profile);
}

/** Only postage carries the signature; without one a label proves nothing, whoever copies it. */
function signatureOf({ signature }: Indicium, variant: LabelVariant): Uint8Array {
  if (variant !== 'postage') return new Uint8Array(signature.length);
  if (signature.every((byte) => byte === 0))
    throw new RangeError('an indicium without a signature can only be a specimen');
  return signature;
}

function voided(indicium: Indicium): IndiciumFields {
  return { ...indicium, postage: mills(0), flags: { ...indicium.flags, test: true } };
}

/** A word over the whole imprint, rising to the right, so that no part of it can be taken for postage. */
function stampAcross(bitmap: Bitmap, word: string): void {
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
function stampSymbol({ bitmap, symbol }: Imprint, word: string): void {
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

/** Return address, art and addressee, one under the other; undefined where there is nothing. */
function composeExtras(profile: PrinterProfile, options: LabelOptions): Bitmap | undefined {
  const { returnAddress = [], addressee = [], advert } = options;
  if (advert !== undefined && advert.width > profile.headDots)
    throw new RangeError(`an advert has at most ${profile.headDots} dots across on this printer`);
  const small = composeLines(returnAddress, { weight: 500, size: dotsOf(profile, 2.75) }, profile);
  const large = composeLines(addressee, { weight: 600, size: dotsOf(profile, 4.25) }, profile);
  const parts = [small, advert, large].filter((part) => part !== undefined);
  if (parts.length === 0) return undefined;
  const gap = dotsOf(profile, 4);
  const height = parts.reduce((sum, part) => sum + part.height + gap, -gap);
  const extras = createBitmap(profile.headDots, height);
  let y = 0;
  for (const part of parts) {
    const x = part === advert ? Math.round((profile.headDots - part.width) / 2) : 0;
    blit(extras, part, x, y);
    y += part.height + gap;
  }
  return extras;
}

/** Lines of an address that are printed. */
const LINES_MAX = 12;

function composeLines(
  given: readonly string[],
  style: TextStyle,
  profile: PrinterProfile,
): Bitmap | undefined {
  const lines = given.slice(0, LINES_MAX);
  if (lines.length === 0) return undefined;
  const pitch = Math.round(style.size * 1.3);
  const left = dotsOf(profile, 1);
  const bitmap = createBitmap(profile.headDots, pitch * lines.length);
  lines.forEach((line, row) => {
    const shown = fitText(line, style, profile.headDots - 2 * left, Math.round(style.size * 0.6));
    drawText(bitmap, shown.text, shown.style, { x: left, baseline: row * pitch + style.size });
  });
  return bitmap;
}

function joinParts(imprint: Bitmap, extras: Bitmap | undefined, profile: PrinterProfile): Bitmap {
  const below = extras === undefined ? 0 : dotsOf(profile, CLEAR_MM) + extras.height;
  const label = createBitmap(profile.headDots, imprint.height + below);
  blit(label, imprint, profile.headDots - imprint.width, 0);
  if (extras !== undefined) blit(label, extras, 0, label.height - extras.height);
  return label;
}
