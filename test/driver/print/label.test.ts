/** The label: what is on it, where it is, and that only postage carries a signature (domain.md 1.5, R33-R37). */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Bitmap,
  createBitmap,
  crop,
  dotAt,
  fillRectangle,
  isBlank,
} from '#driver/print/bitmap';
import { renderFacingMark } from '#driver/print/fim';
import { dotsOf } from '#driver/print/head';
import { imprintText } from '#driver/print/imprint-text';
import { composeLabel } from '#driver/print/label';
import { LabelError } from '#driver/print/label-error';
import { printerProfiles } from '#driver/print/printer-profile';
import { type Indicium, readIndicium } from '#protocol/documents/indicium';
import { mills } from '#protocol/mills';
import { signIndicium } from '#test/support/documents';
import { anyIndicium, signedIndicium } from '#test/support/indicia';
import { readSymbol } from '#test/support/symbol-reader';

const narrow = printerProfiles['escpos-58mm'];
const wide = printerProfiles['escpos-80mm'];
const profiles = Object.entries(printerProfiles).filter(([, { layout }]) => layout === 'roll');
const service = 'First-class letter';

async function indiciumOn(label: Bitmap): Promise<Indicium> {
  const payload = await readSymbol(label);
  if (payload === undefined) throw new Error('the label has no symbol that can be read');
  const read = readIndicium(payload);
  if (!read.ok) throw new Error(`the symbol holds no indicium: ${read.status}`);
  return read.value;
}

const black = (bitmap: Bitmap): number =>
  Array.from(bitmap.data, (byte) => byte.toString(2).replaceAll('0', '').length).reduce(
    (sum, count) => sum + count,
    0,
  );

describe.each(profiles)('on %s', (_, profile) => {
  test('the symbol holds the indicium, byte for byte', async () => {
    const label = composeLabel(signedIndicium(), profile, { service });

    expect(await readSymbol(label)).toEqual(signIndicium());
    expect(label.width).toBe(profile.headDots);
  });

  test('a specimen holds the same fields and no signature', async () => {
    const label = composeLabel(signedIndicium(), profile, { service, variant: 'specimen' });
    const shown = await readSymbol(label);

    // the stamp may cross the symbol: either it cannot be read, or it carries no signature
    if (shown !== undefined) {
      expect(shown.slice(0, 64)).toEqual(signIndicium().slice(0, 64));
      expect(shown.slice(64)).toEqual(new Uint8Array(64));
    }
    const postage = composeLabel(signedIndicium(), profile, { service });
    expect(label).not.toEqual(postage);
  });

  test('the facing mark stands in the top of the label, clear on both sides', () => {
    const mark = renderFacingMark(profile.dpi);
    const label = composeLabel(signedIndicium(), profile, { service });
    const top = dotsOf(profile, 1);
    const fromRight = dotsOf(profile, 50.8) - dotsOf(profile, profile.marginMm) + mark.width;
    const x = profile === narrow ? 8 : profile.headDots - fromRight;
    const clear = dotsOf(profile, 6);

    expect(crop(label, { x, y: top, width: mark.width, height: mark.height })).toEqual(mark);
    expect(
      black(
        crop(label, { x: x - clear, y: top, width: mark.width + 2 * clear, height: mark.height }),
      ),
    ).toBe(black(mark));
  });

  test('below the imprint half an inch is clear', () => {
    const alone = composeLabel(signedIndicium(), profile);
    const label = composeLabel(signedIndicium(), profile, { addressee: ['Ada Lovelace'] });
    const clear = dotsOf(profile, 12.7);

    expect(crop(label, { x: 0, y: 0, width: label.width, height: alone.height })).toEqual(alone);
    expect(isBlank(label, alone.height, alone.height + clear)).toBe(true);
    expect(isBlank(label, alone.height + clear, label.height)).toBe(false);
  });
});

test('whatever the fields are, the symbol holds them', async () => {
  await fc.assert(
    fc.asyncProperty(anyIndicium, fc.constantFrom(narrow, wide), async (indicium, profile) => {
      const label = composeLabel(indicium, profile, { service });

      expect(await indiciumOn(label)).toEqual(indicium);
    }),
    { numRuns: 10 },
  );
});

test('postage without a signature is not printed', () => {
  const unsigned = { ...signedIndicium(), signature: new Uint8Array(64) };

  expect(() => composeLabel(unsigned, wide)).toThrow('can only be a specimen');
  expect(composeLabel(unsigned, wide, { variant: 'specimen' }).width).toBe(wide.headDots);
});

test('no variant but postage lets the signature through', async () => {
  const bytes = Buffer.from(signedIndicium().signature);
  for (const variant of ['specimen', 'void'] as const) {
    const shown = await readSymbol(composeLabel(signedIndicium(), wide, { variant }));

    expect(Buffer.from(shown ?? []).includes(bytes)).toBe(false);
  }
});

test('a specimen can be read in the preview of wide paper, and its signature is zero', async () => {
  const shown = await indiciumOn(composeLabel(signedIndicium(), wide, { variant: 'specimen' }));

  expect(shown.signature).toEqual(new Uint8Array(64));
  expect(shown.postage).toBe(signedIndicium().postage);
});

test('a void print says 0.00, and its symbol is struck through', async () => {
  const label = composeLabel(signedIndicium(), wide, { variant: 'void' });
  const zero = { ...signedIndicium(), postage: mills(0) };
  const asTest = { ...zero, flags: { ...zero.flags, test: true } };
  const unstamped = composeLabel({ ...asTest, signature: new Uint8Array(64).fill(1) }, wide);
  const words = { x: 0, y: 0, width: 380, height: label.height };

  expect(crop(label, words)).toEqual(crop(unstamped, words));
  expect(await readSymbol(label)).not.toEqual(signIndicium());
});

test('a reprint has the same symbol, and says beside it that it is one', async () => {
  const first = composeLabel(signedIndicium(), wide, { service });
  const again = composeLabel(signedIndicium(), wide, { service, isReprint: true });

  expect(await readSymbol(again)).toEqual(signIndicium());
  expect(again).not.toEqual(first);
});

describe('in words', () => {
  const words = (changes: Parameters<typeof signedIndicium>[0] = {}) =>
    imprintText(signedIndicium(changes), { currency: '$', service });

  test('the imprint says what the indicium says', () => {
    expect(words()).toMatchInlineSnapshot(`
      {
        "amount": "$0.78",
        "heading": "POSTAGE PAID",
        "mailed": {
          "caption": "MAILED",
          "value": "2 MAR 2027",
        },
        "meter": {
          "caption": "METER",
          "value": "TS01-0000000042",
        },
        "origin": {
          "caption": "FROM ZIP",
          "value": "20260",
        },
        "piece": {
          "caption": "PIECE",
          "value": "1,581",
        },
        "service": "FIRST-CLASS LETTER",
      }
    `);
  });

  test.each([
    [780, '$0.78'],
    [785, '$0.785'],
    [0, '$0.00'],
    [10_000, '$10.00'],
    [16_777_215, '$16777.215'],
  ])('%s mills are %s', (amount, text) => {
    expect(words({ postage: mills(amount), ascending: mills(16_777_215) }).amount).toBe(text);
  });

  test.each([
    ['reprint', 'POSTAGE PAID · REPRINT'],
    ['correction', 'POSTAGE CORRECTION'],
    ['redate', 'DATE CORRECTION'],
    ['test', 'TEST PRINT'],
  ] as const)('a %s is headed %s', (flag, heading) => {
    const { flags } = signedIndicium();

    expect(words({ flags: { ...flags, [flag]: true } }).heading).toBe(heading);
  });

  test.each([
    ['correction', 'CORRECTION · FIRST-CLASS LETTER'],
    ['redate', 'REDATE · FIRST-CLASS LETTER'],
  ] as const)('the inscription of a %s says so', (flag, inscription) => {
    const { flags } = signedIndicium();

    expect(words({ flags: { ...flags, [flag]: true } }).service).toBe(inscription);
  });
});

describe('what the customer adds', () => {
  test('art no wider than the head is printed as it is', () => {
    const advert = createBitmap(200, 40);
    fillRectangle(advert, { x: 0, y: 0, width: 200, height: 40 });

    const label = composeLabel(signedIndicium(), wide, { advert });

    expect(crop(label, { x: 188, y: label.height - 40, width: 200, height: 40 })).toEqual(advert);
    expect(() => composeLabel(signedIndicium(), narrow, { advert: createBitmap(385, 8) })).toThrow(
      LabelError,
    );
  });

  test('lines that are too long stay on the paper', () => {
    const label = composeLabel(signedIndicium(), narrow, {
      addressee: ['Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogoch'.repeat(2)],
      returnAddress: ['Under the bridge'],
    });

    expect(label.width).toBe(narrow.headDots);
    for (let y = 0; y < label.height; y++) expect(dotAt(label, label.width - 1, y)).toBe(0);
  });
});
