/** Every layout: what is on it, where it stays clear, and what is refused before anything is charged. */

import { describe, expect, test } from 'vitest';
import { type Bitmap, createBitmap, crop, isBlank } from '#driver/print/bitmap';
import { dotsOf } from '#driver/print/head';
import { composeLabel, type LabelOptions } from '#driver/print/label';
import { LabelError } from '#driver/print/label-error';
import { type LayoutName, layoutNamed, layouts } from '#driver/print/layout';
import { printerProfiles } from '#driver/print/printer-profile';
import { onSheet } from '#driver/print/sheet';
import { signIndicium } from '#test/support/documents';
import { signedIndicium } from '#test/support/indicia';
import { readSymbol } from '#test/support/symbol-reader';

const names = Object.keys(layouts) as readonly LayoutName[];
const wide = printerProfiles['zpl-4inch'];
const office = printerProfiles.office;
const returnAddress = ['Tessera GmbH', 'Postfach 12', '20095 Hamburg'];
const addressee = ['Ada Lovelace', '12 St James’s Square', 'London SW1Y 4JH', 'ENGLAND'];

const on = (name: LayoutName, options: LabelOptions = {}): Bitmap =>
  composeLabel(signedIndicium(), needsOffice(name) ? office : wide, {
    service: 'First-class letter',
    ...options,
    layout: layoutNamed(name),
  });
const needsOffice = (name: LayoutName): boolean =>
  /^(envelope|sheet)/.test(name) || name === 'dymo-1744907';
const places = (name: LayoutName) => {
  const { arrangement } = layoutNamed(name);
  return arrangement.kind === 'stacked'
    ? { hasReturnAddress: true, hasAddressee: true }
    : {
        hasReturnAddress: arrangement.returnAddress !== undefined,
        hasAddressee: arrangement.addressee !== undefined,
      };
};
const problemOf = (compose: () => unknown): string | undefined => {
  try {
    compose();
  } catch (error) {
    return error instanceof LabelError ? error.problem : String(error);
  }
  return undefined;
};

describe.each(names)('%s', (name) => {
  test('the symbol is whole, whatever else the layout has a place for', async () => {
    const { hasReturnAddress, hasAddressee } = places(name);

    const label = on(name, {
      ...(hasReturnAddress && name !== 'roll' && { returnAddress: returnAddress.slice(0, 2) }),
      ...(hasAddressee && { addressee }),
    });

    expect(await readSymbol(label)).toEqual(signIndicium());
  });

  test('a part that it has no place for is refused', () => {
    const { hasReturnAddress, hasAddressee } = places(name);

    expect(problemOf(() => on(name, { returnAddress }))).toBe(
      hasReturnAddress ? undefined : 'noPlace',
    );
    expect(problemOf(() => on(name, { addressee }))).toBe(hasAddressee ? undefined : 'noPlace');
  });
});

test.each(names.filter((name) => name.startsWith('envelope')))(
  '%s: half an inch around the imprint and what sorting machines print on stay clear',
  (name) => {
    const alone = on(name);
    const label = on(name, { returnAddress, addressee });
    const mm = (length: number): number => dotsOf(office, length);
    const left = label.width - mm(5 + 72 + 12.7);
    const imprint = { x: left, y: 0, width: label.width - left, height: mm(2 + 45 + 12.7) };
    const bars = { x: label.width - mm(120.65), y: label.height - mm(15.875) };

    expect(crop(label, imprint)).toEqual(crop(alone, imprint));
    const area = crop(label, { ...bars, width: mm(120.65), height: mm(15.875) });
    expect(isBlank(area, 0, area.height)).toBe(true);
    expect(label).not.toEqual(alone);
  },
);

describe('a label that cannot be', () => {
  test.each<[string, string, () => Bitmap]>([
    ['a letter without a glyph', 'noGlyph', () => on('label-4x6', { addressee: ['山田太郎'] })],
    ['one in the service', 'noGlyph', () => on('label-4x6', { service: 'שירות' })],
    [
      'more lines than a label has',
      'noRoom',
      () => on('label-2.25x4', { addressee: Array.from({ length: 12 }, () => 'line') }),
    ],
    [
      'thirteen lines',
      'noRoom',
      () => on('roll', { addressee: Array.from({ length: 13 }, () => 'line') }),
    ],
    [
      'a sheet on a label printer',
      'wrongPrinter',
      () => composeLabel(signedIndicium(), wide, { layout: layoutNamed('sheet-a4-8') }),
    ],
    [
      'paper wider than the head',
      'wrongPrinter',
      () =>
        composeLabel(signedIndicium(), printerProfiles['zpl-2inch'], {
          layout: layoutNamed('label-4x6'),
        }),
    ],
    [
      'art that is larger than its box',
      'noRoom',
      () => on('envelope-c6', { advert: createBitmap(2_000, 100) }),
    ],
  ])('%s is refused', (_, problem, compose) => {
    expect(problemOf(compose)).toBe(problem);
  });

  test('the letters are named', () => {
    expect(() => on('label-4x6', { addressee: ['Łódź 山田 Ελλάδα Київ'] })).toThrow(
      'no font here has 山 (U+5C71), 田 (U+7530)',
    );
  });
});

test('each label of a sheet has a place of its own', () => {
  const { sheet } = layouts['sheet-letter-10'];
  const label = createBitmap(10, 10);
  label.data.fill(0xff, 0, 1);
  const places = Array.from({ length: 10 }, (_, position) => {
    const page = onSheet(label, sheet, position, { ...office, dpi: 72 });
    return [page.width, page.height, page.data.findIndex((dots) => dots !== 0)].join(' ');
  });

  expect(new Set(places).size).toBe(10);
  expect(places[0]).toMatch(/^612 792 /);
  expect(() => onSheet(label, sheet, 10, office)).toThrow('places 0 to 9');
});
