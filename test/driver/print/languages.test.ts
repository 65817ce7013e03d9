/** Every language carries the dots that were composed, and nothing else reaches a printer (printing.md 2.1, 4.4). */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bitmap, createBitmap } from '#driver/print/bitmap';
import { encodeJob } from '#driver/print/encode';
import { composeLabel } from '#driver/print/label';
import { type Layout, layoutNamed } from '#driver/print/layout';
import { encodePdf } from '#driver/print/pdf';
import { printerProfiles } from '#driver/print/printer-profile';
import { signedIndicium } from '#test/support/indicia';
import { anyPicture } from '#test/support/pictures';
import { renderWithZebrash } from '#test/support/zpl-picture';

const zpl = printerProfiles['zpl-4inch'];
const tspl = printerProfiles['tspl-4inch'];
const roll: Layout = layoutNamed('roll');
const label = composeLabel(signedIndicium(), zpl, {
  service: 'First-class letter',
  addressee: ['Ada Lovelace', '12 St James’s Square'],
});

/** A label without any would be no label to the other interpreter. */
const hasInk = ({ data }: Bitmap): boolean => data.some((dots) => dots !== 0);

/** Rows that end in black dots, of a digit or of all of them. */
function blackEnds(): Bitmap {
  const picture = createBitmap(128, 2);
  picture.data.fill(0xff);
  picture.data[31] = 0x0f;
  return picture;
}

describe('ZPL', () => {
  test('another interpreter finds the dots', async () => {
    await fc.assert(
      fc.asyncProperty(anyPicture.filter(hasInk), async (picture) => {
        const stream = encodeJob(picture, zpl, { layout: roll });

        expect(await renderWithZebrash(stream, picture)).toEqual(picture);
      }),
      { numRuns: 12, examples: [[blackEnds()]] },
    );
  });

  test('and those of a whole label, on 16 KB', async () => {
    const stream = encodeJob(label, zpl);

    expect(await renderWithZebrash(stream, label)).toEqual(label);
    expect(stream.length).toBeLessThan(20_000);
  });

  test('the bytes do not change unnoticed', () => {
    const digest = createHash('sha256').update(encodeJob(label, zpl)).digest('hex');

    expect(digest.slice(0, 16)).toMatchInlineSnapshot(`"eea97be96fc59821"`);
  });
});

describe('TSPL', () => {
  test('a dot is black where its bit is 0, the padding is white, and white rows are left out', () => {
    const picture = createBitmap(9, 40);
    picture.data[0] = 0b1010_0000;
    picture.data[1] = 0b1000_0000;
    picture.data[78] = 0b0000_0001;

    const text = Buffer.from(encodeJob(picture, tspl, { layout: roll })).toString('latin1');

    expect(text).toContain('BITMAP 0,0,2,1,0,\x5f\x7f\r\n');
    expect(text).toContain('BITMAP 0,39,1,1,0,\xfe\r\n');
    expect(text).toMatch(/\r\nPRINT 1,1\r\n$/);
  });
});

test.each([
  ['zpl-4inch', 'label-4x6', /\^MNY\^MMT[\s\S]*\^PW812\^LL1218\n/],
  ['zpl-4inch-cutter', 'brother-62', /\^MNN\^MMC/],
  ['tspl-4inch', 'label-4x6', /SIZE 101\.6 mm,152\.4 mm\r\nGAP 3\.0 mm,0 mm\r\n/],
  ['tspl-4inch', 'brother-62', /SIZE 62\.0 mm,\d+\.\d mm\r\nGAP 0\.0 mm,0 mm\r\n/],
  ['tspl-4inch', 'label-4x2.25-turned', /SIZE 57\.\d mm,101\.6 mm\r\n/],
] as const)('%s is told what it prints on: %s', (name, layoutName, pattern) => {
  const profile = printerProfiles[name];
  const layout = layoutNamed(layoutName);

  const stream = encodeJob(composeLabel(signedIndicium(), profile, { layout }), profile, {
    layout,
  });

  expect(Buffer.from(stream).toString('latin1')).toMatch(pattern);
});

describe('nothing reaches a printer but dots', () => {
  const attack = ['A\x1b@B\x1dV\0C', '^XZ~JA^XA~DGR:X', '"\r\nPRINT 9\r\nREM', '\x10\x14\x01 DLE'];
  const harmless = ['A@BVC', '^XZ~JA^XA~DGR:X', '" PRINT 9 REM', ' DLE'];

  test.each(['escpos-80mm', 'zpl-4inch', 'tspl-4inch', 'office'] as const)(
    '%s: commands in an address are the shapes of their letters',
    (name) => {
      const profile = printerProfiles[name];
      const bytesOf = (addressee: readonly string[]) =>
        encodeJob(composeLabel(signedIndicium(), profile, { addressee }), profile);

      const stream = Buffer.from(bytesOf(attack));

      expect(stream).toEqual(Buffer.from(bytesOf(harmless)));
      for (const text of ['~JA', 'PRINT 9', 'XA~DG', 'DLE', 'Ada'])
        expect(stream.includes(text)).toBe(false);
    },
  );
});

describe('PDF', () => {
  test('what is shown is found where the document says', () => {
    const text = Buffer.from(encodePdf([{ bitmap: label, dpi: 600 }])).toString('latin1');
    const [, places = ''] =
      /xref\n0 5\n\d{10} 65535 f \n((?:\d{10} 00000 n \n){4})/.exec(text) ?? [];
    const offsets = places
      .split('\n')
      .slice(0, -1)
      .map((line) => Number.parseInt(line, 10));

    expect(offsets.map((offset) => text.slice(offset, offset + 7))).toEqual(
      [1, 2, 3, 4].map((id) => `${id} 0 obj`),
    );
    expect(Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1])).toBe(text.indexOf('xref\n0'));
    expect(text).toContain('/PrintScaling /None');
  });
});
