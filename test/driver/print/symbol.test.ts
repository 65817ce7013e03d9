/** The symbol and the facing mark: whole dots, modules wide enough for a scanner, quiet zones (domain.md 1.5). */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blit, createBitmap, crop, dotAt } from '#driver/print/bitmap';
import { renderFacingMark } from '#driver/print/fim';
import { dotsOf } from '#driver/print/head';
import { printerProfiles } from '#driver/print/printer-profile';
import { moduleDots, QUIET_MODULES, renderSymbol } from '#driver/print/symbol';
import { signIndicium } from '#test/support/documents';
import { readSymbol } from '#test/support/symbol-reader';

test.each([
  [180, 3],
  [203, 4],
  [203.2, 4],
  [300, 5],
  [600, 9],
])('at %s dpi a module is %s dots: the fewest that are 15 mil wide', (dpi, dots) => {
  expect(moduleDots(dpi)).toBe(dots);
  expect((dots * 1000) / dpi).toBeGreaterThanOrEqual(15);
  expect(((dots - 1) * 1000) / dpi).toBeLessThan(15);
});

test.each([
  [60, 32],
  [84, 36],
  [112, 40],
  [128, 44],
  [172, 48],
])('%s bytes of any value take %s modules a side', (size, modules) => {
  const payload = Uint8Array.from({ length: size }, (_, at) => (at * 151 + 200) & 0xff);
  const symbol = renderSymbol(payload, 203);

  expect(symbol.width).toBe((modules + 2 * QUIET_MODULES) * 4);
  expect(symbol.height).toBe(symbol.width);
});

test('around the symbol two modules are white, and every module is a square of one colour', () => {
  const symbol = renderSymbol(signIndicium(), 203);
  const quiet = QUIET_MODULES * 4;
  const size = symbol.width - 2 * quiet;
  const inner = crop(symbol, { x: quiet, y: quiet, width: size, height: size });
  const alone = createBitmap(symbol.width, symbol.height);
  blit(alone, inner, quiet, quiet);

  expect(alone).toEqual(symbol);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++)
      if (dotAt(inner, x, y) !== dotAt(inner, x - (x % 4), y - (y % 4)))
        throw new Error(`dot ${x}, ${y} differs from its module`);
});

test('another reader finds the bytes, whatever they are', async () => {
  const printers = Object.values(printerProfiles);
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 172 }),
      fc.constantFrom(...printers),
      async (payload, { dpi }) => {
        expect(await readSymbol(renderSymbol(payload, dpi))).toEqual(payload);
      },
    ),
    { numRuns: 40 },
  );
});

test.each([
  ['what a payload in a markup would change', '^FNC1^029 ^^ \\x1d'],
  ['only zeros', '\0'.repeat(64)],
  ['only ones', '\xff'.repeat(64)],
])('%s comes back as it is', async (_, text) => {
  const payload = new Uint8Array(Buffer.from(text, 'latin1'));

  expect(await readSymbol(renderSymbol(payload, 203))).toEqual(payload);
});

test.each([
  [203, 6, 13, 127],
  [180, 6, 11, 113],
  [300, 9, 19, 188],
])(
  'at %s dpi the facing mark has bars of %s dots every %s dots, %s high',
  (dpi, bar, pitch, height) => {
    const mark = renderFacingMark(dpi);
    const isBlack = (x: number): boolean => dotAt(mark, x, 0) === 1;

    expect([mark.width, mark.height]).toEqual([8 * pitch + bar, height]);
    expect(Array.from({ length: 9 }, (_, place) => Number(isBlack(place * pitch))).join('')).toBe(
      '111010111',
    );
    for (let x = 0; x < mark.width; x++)
      expect(isBlack(x)).toBe('111010111'[Math.floor(x / pitch)] === '1' && x % pitch < bar);
    expect(crop(mark, { x: 0, y: mark.height - 1, width: mark.width, height: 1 })).toEqual(
      crop(mark, { x: 0, y: 0, width: mark.width, height: 1 }),
    );
  },
);

test.each([
  ['escpos-58mm', 48],
  ['escpos-80mm', 72],
  ['escpos-80mm-180dpi', 72],
] as const)('the head of %s reaches %s mm', (name, millimetres) => {
  const profile = printerProfiles[name];

  expect(Math.abs(profile.headDots - dotsOf(profile, millimetres))).toBeLessThanOrEqual(2);
});
