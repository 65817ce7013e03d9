/** What labels, envelopes and sheets look like, as data: the paper, and where on it what stands (requirements.md F6). */

import type { Media } from './media.ts';

/** Millimetres from the upper left corner of the paper. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where everything but the imprint stands, which is always at the upper right. */
export type Arrangement =
  /** One under the other: imprint, clear space, return address, art, addressee. */
  | { readonly kind: 'stacked' }
  /** As on a letter; a part without a place is refused. */
  | {
      readonly kind: 'placed';
      /** Of the imprint, from the right and upper edge. */
      readonly insetMm: { readonly right: number; readonly top: number };
      readonly returnAddress?: Box;
      readonly addressee?: Box;
      readonly advert?: Box;
    };

/** Labels on a sheet: their places are counted along the rows, from 0. */
export interface Sheet {
  readonly widthMm: number;
  readonly heightMm: number;
  readonly columns: number;
  readonly rows: number;
  readonly leftMm: number;
  readonly topMm: number;
  readonly pitchXMm: number;
  readonly pitchYMm: number;
}

export interface Layout {
  /** What it is, for people. */
  readonly title: string;
  /** As it is read; 0 for as wide as the head. */
  readonly media: Media;
  readonly arrangement: Arrangement;
  /** Whether it comes out of the printer with its left edge first. */
  readonly isTurned?: boolean;
  /** Where the paper is a sheet of them; printed as PDF only. */
  readonly sheet?: Sheet;
}

const stacked = { kind: 'stacked' } as const;
const letter = { widthMm: 215.9, heightMm: 279.4 } as const;
const a4 = { widthMm: 210, heightMm: 297 } as const;
const GAP_MM = 3;

/** A label of a roll, its size in millimetres. */
function label(title: string, widthMm: number, heightMm: number): Layout {
  return { title, media: { widthMm, heightMm, gapMm: GAP_MM }, arrangement: stacked };
}

/**
 * An envelope, by the places that sorting machines expect: the return address upper left, half an inch clear around the
 * imprint, and the addressee above the 5/8 inch that they print their own bars in (domain.md 1.5).
 */
function envelope(title: string, widthMm: number, heightMm: number): Layout {
  const imprintMm = { right: 5, top: 2, width: 72, height: 48 };
  const clearMm = 12.7;
  const left = 8;
  const free = widthMm - imprintMm.right - imprintMm.width - clearMm - left;
  const addressTop = imprintMm.top + imprintMm.height + clearMm;
  const addressLeft = Math.round(widthMm * 0.4);
  return {
    title,
    media: { widthMm, heightMm },
    arrangement: {
      kind: 'placed',
      insetMm: imprintMm,
      returnAddress: { x: left, y: 6, width: free, height: 24 },
      advert: { x: left, y: 34, width: free, height: heightMm - 34 - 16 },
      addressee: {
        x: addressLeft,
        y: addressTop,
        width: widthMm - addressLeft - clearMm,
        height: heightMm - 16 - addressTop,
      },
    },
  };
}

/** By the name to choose one with. */
export const layouts = {
  roll: {
    title: 'a roll as wide as the head, as long as what is on it',
    media: { widthMm: 0, heightMm: undefined },
    arrangement: stacked,
  },
  'label-4x6': label('4 × 6 inch shipping label', 101.6, 152.4),
  'label-4x4': label('4 × 4 inch label', 101.6, 101.6),
  'label-2.25x4': label('2.25 × 4 inch label', 57.15, 101.6),
  'dymo-30256': label('DYMO 30256 shipping label, 59 × 102 mm', 58.7, 101.6),
  'dymo-1744907': label('DYMO 4XL 1744907, 104 × 159 mm', 104, 159),
  'brother-62': {
    title: 'Brother DK-22205, 62 mm without end',
    media: { widthMm: 62, heightMm: undefined },
    arrangement: stacked,
  },
  'brother-dk11202': label('Brother DK-11202 shipping label, 62 × 100 mm', 62, 100),
  'brother-dk11241': label('Brother DK-11241 large label, 102 × 152 mm', 102, 152),
  'label-4x2.25-turned': {
    title: '4 × 2.25 inch, imprint and return address along a 2.25 inch roll',
    media: { widthMm: 101.6, heightMm: 57.15, gapMm: GAP_MM },
    arrangement: {
      kind: 'placed',
      insetMm: { right: 2, top: 2 },
      returnAddress: { x: 2, y: 3, width: 12.6, height: 50 },
    },
    isTurned: true,
  },
  'envelope-10': envelope('envelope No. 10, 9½ × 4⅛ inch', 241.3, 104.775),
  'envelope-c6': envelope('envelope C6, 162 × 114 mm', 162, 114),
  'envelope-dl': envelope('envelope DL, 220 × 110 mm', 220, 110),
  'sheet-letter-4': {
    ...label('letter sheet of 4 labels, 4 × 5 inch', 101.6, 127),
    sheet: {
      ...letter,
      columns: 2,
      rows: 2,
      leftMm: 4.05,
      topMm: 12.7,
      pitchXMm: 106.2,
      pitchYMm: 127,
    },
  },
  'sheet-letter-10': {
    title: 'letter sheet of 10 labels, 4 × 2 inch; the imprint alone',
    media: { widthMm: 101.6, heightMm: 50.8 },
    arrangement: { kind: 'placed', insetMm: { right: 2, top: 2 } },
    sheet: {
      ...letter,
      columns: 2,
      rows: 5,
      leftMm: 4,
      topMm: 12.7,
      pitchXMm: 106.3,
      pitchYMm: 50.8,
    },
  },
  'sheet-a4-4': {
    ...label('A4 sheet of 4 labels, 99.1 × 139 mm', 99.1, 139),
    sheet: {
      ...a4,
      columns: 2,
      rows: 2,
      leftMm: 4.65,
      topMm: 9.5,
      pitchXMm: 101.6,
      pitchYMm: 139,
    },
  },
  'sheet-a4-8': {
    title: 'A4 sheet of 8 labels, 99.1 × 67.7 mm; imprint alone',
    media: { widthMm: 99.1, heightMm: 67.7 },
    arrangement: { kind: 'placed', insetMm: { right: 2, top: 2 } },
    sheet: {
      ...a4,
      columns: 2,
      rows: 4,
      leftMm: 4.65,
      topMm: 13.1,
      pitchXMm: 101.6,
      pitchYMm: 67.7,
    },
  },
} as const satisfies Record<string, Layout>;

export type LayoutName = keyof typeof layouts;

/** A layout by its name. */
export function layoutNamed(name: LayoutName): Layout {
  return layouts[name];
}
