/** The picture of dots: what is drawn is there, what is not drawn stays white, and nothing lies outside. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Bitmap,
  blit,
  createBitmap,
  crop,
  dotAt,
  fillRectangle,
  grow,
  isBlank,
  magnify,
  screened,
  setDot,
  strokeRectangle,
} from '#driver/print/bitmap';

const drawing = (...rows: readonly string[]): Bitmap => {
  const bitmap = createBitmap(rows[0]?.length ?? 0, rows.length);
  rows.forEach((row, y) => {
    Array.from(row).forEach((dot, x) => {
      if (dot === '#') setDot(bitmap, x, y, 1);
    });
  });
  return bitmap;
};

const show = (bitmap: Bitmap): string[] =>
  Array.from({ length: bitmap.height }, (_, y) =>
    Array.from({ length: bitmap.width }, (_, x) => (dotAt(bitmap, x, y) === 1 ? '#' : '.')).join(
      '',
    ),
  );

const anyBitmap = fc
  .record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 12 }) })
  .chain(({ width, height }) =>
    fc.array(fc.boolean(), { minLength: width * height, maxLength: width * height }).map((dots) => {
      const bitmap = createBitmap(width, height);
      dots.forEach((isBlack, at) => {
        setDot(bitmap, at % width, Math.floor(at / width), isBlack ? 1 : 0);
      });
      return bitmap;
    }),
  );

test('the leftmost dot is the highest bit, and a row is padded to whole bytes', () => {
  const bitmap = createBitmap(9, 2);

  setDot(bitmap, 0, 0, 1);
  setDot(bitmap, 8, 1, 1);

  expect([...bitmap.data]).toEqual([0x80, 0x00, 0x00, 0x80]);
});

test('what lies outside is left out, and the padding stays white', () => {
  const bitmap = createBitmap(9, 1);

  fillRectangle(bitmap, { x: -5, y: -5, width: 50, height: 50 });
  setDot(bitmap, 9, 0, 1);
  setDot(bitmap, 0, 1, 1);

  expect([...bitmap.data]).toEqual([0xff, 0x80]);
  expect([dotAt(bitmap, -1, 0), dotAt(bitmap, 9, 0), dotAt(bitmap, 0, 1)]).toEqual([0, 0, 0]);
});

test.each([
  [-1, 1],
  [1.5, 1],
  [1, Number.NaN],
  [100_000, 100_000],
])('no picture has %s by %s dots', (width, height) => {
  expect(() => createBitmap(width, height)).toThrow(RangeError);
});

test('a picture laid on white and cut out again is the same', () => {
  fc.assert(
    fc.property(anyBitmap, fc.nat(20), fc.nat(20), (bitmap, x, y) => {
      const ground = createBitmap(bitmap.width + 20, bitmap.height + 20);

      blit(ground, bitmap, x, y);

      expect(crop(ground, { x, y, width: bitmap.width, height: bitmap.height })).toEqual(bitmap);
    }),
  );
});

test('white letters are taken out of black, and nothing else is', () => {
  const ground = drawing('#####', '#####', '#####');

  blit(ground, drawing('#.', '.#'), 1, 1, 0);

  expect(show(ground)).toEqual(['#####', '#.###', '##.##']);
});

test('every dot of a magnified picture is the dot it came from', () => {
  fc.assert(
    fc.property(anyBitmap, fc.integer({ min: 1, max: 4 }), (bitmap, scale) => {
      const large = magnify(bitmap, scale);

      expect([large.width, large.height]).toEqual([bitmap.width * scale, bitmap.height * scale]);
      for (let y = 0; y < large.height; y++)
        for (let x = 0; x < large.width; x++)
          if (dotAt(large, x, y) !== dotAt(bitmap, Math.floor(x / scale), Math.floor(y / scale)))
            throw new Error(`dot ${x}, ${y}`);
    }),
  );
});

describe('shapes', () => {
  test.each<[string, Bitmap, string[]]>([
    [
      'grown by one',
      grow(drawing('....', '..#.', '....', '....'), 1),
      ['.###', '.###', '.###', '....'],
    ],
    ['screened', screened(drawing('####', '####')), ['#.#.', '.#.#']],
    [
      'cut beyond the edge',
      crop(drawing('##', '##'), { x: 1, y: 1, width: 3, height: 2 }),
      ['#..', '...'],
    ],
  ])('%s', (_, bitmap, expected) => {
    expect(show(bitmap)).toEqual(expected);
  });

  test('a border lies inside its rectangle', () => {
    const bitmap = createBitmap(6, 5);

    strokeRectangle(bitmap, { x: 1, y: 1, width: 4, height: 3 });

    expect(show(bitmap)).toEqual(['......', '.####.', '.#..#.', '.####.', '......']);
  });
});

test('blank rows are told from rows with a single dot', () => {
  const bitmap = drawing('...', '..#', '...');

  expect([isBlank(bitmap, 0, 1), isBlank(bitmap, 0, 2), isBlank(bitmap, 2, 3)]).toEqual([
    true,
    false,
    true,
  ]);
});
