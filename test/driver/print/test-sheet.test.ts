/** The test sheet: every dot of the head, lengths that can be measured, symbols of no value (domain.md R37). */

import { expect, test } from 'vitest';
import { type Bitmap, crop, dotAt } from '#driver/print/bitmap';
import { layoutNamed } from '#driver/print/layout';
import { printerProfiles } from '#driver/print/printer-profile';
import { composeTestSheet, composeVoid } from '#driver/print/test-sheet';
import { signedIndicium } from '#test/support/indicia';
import { readSymbol } from '#test/support/symbol-reader';

const profile = printerProfiles['escpos-80mm'];
const sheet = composeTestSheet(profile);
const LADDER_ROWS = 32;

const column = (bitmap: Bitmap, x: number): number => {
  let black = 0;
  for (let y = 0; y < bitmap.height; y++) black += dotAt(bitmap, x, y);
  return black;
};

test('each dot of the head burns in the ladder, once', () => {
  const ladder = crop(sheet, {
    x: 0,
    y: sheet.height - LADDER_ROWS,
    width: sheet.width,
    height: LADDER_ROWS,
  });

  for (let x = 0; x < profile.headDots; x++) expect(column(ladder, x), `dot ${x}`).toBe(2);
});

test('the ruler has a mark each millimetre', () => {
  const marks = Array.from({ length: profile.headDots }, (_, x) => dotAt(sheet, x, 0));

  expect(marks.filter((dot) => dot === 1)).toHaveLength(73);
  expect(dotAt(sheet, Math.round((70 * 203) / 25.4), 0)).toBe(1);
});

test('a symbol of it says that it is void, and none is an indicium', async () => {
  const top = 48 + 12 + 48 + 12;
  const first = crop(sheet, { x: 0, y: top, width: (22 + 4 + 2) * 3, height: (22 + 4) * 3 });

  const read = await readSymbol(first);

  expect(Buffer.from(read ?? []).toString()).toContain('VOID');
});

test.each([
  ['escpos-80mm', 'roll', true],
  ['zpl-4inch', 'label-4x6', true],
  ['zpl-4inch', 'label-4x2.25-turned', false],
] as const)('%s on %s: below the void label where there is room', (name, layoutName, hasSheet) => {
  const layout = layoutNamed(layoutName);
  const label = composeVoid(signedIndicium(), printerProfiles[name], 'test print', layout);
  let last = label.height - 1;
  while (
    column({ ...crop(label, { x: 0, y: last, width: label.width, height: 1 }) }, 20) === 0 &&
    last > 0
  )
    last -= 1;

  expect(last > 500).toBe(hasSheet);
});
