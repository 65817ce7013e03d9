/** The previews: the same dots as on paper, as a PNG and in a terminal. */

import fc from 'fast-check';
import { decode } from 'fast-png';
import { expect, test } from 'vitest';
import { createBitmap, dotAt, magnify, setDot } from '#driver/print/bitmap';
import { previewPng, previewTerminal } from '#driver/print/preview';

const anyBitmap = fc
  .record({
    width: fc.integer({ min: 1, max: 70 }),
    height: fc.integer({ min: 1, max: 20 }),
    seeds: fc.array(fc.nat(1400), { maxLength: 200 }),
  })
  .map(({ width, height, seeds }) => {
    const bitmap = createBitmap(width, height);
    for (const seed of seeds) setDot(bitmap, seed % width, Math.floor(seed / width), 1);
    return bitmap;
  });

test('every pixel of the PNG is its dot: 0 is black, 1 is white', () => {
  fc.assert(
    fc.property(anyBitmap, fc.integer({ min: 1, max: 3 }), (bitmap, scale) => {
      const png = decode(previewPng(bitmap, { scale }));
      const large = magnify(bitmap, scale);
      const stride = Math.ceil(png.width / 8);

      expect([png.width, png.height, png.depth]).toEqual([large.width, large.height, 1]);
      for (let y = 0; y < large.height; y++)
        for (let x = 0; x < large.width; x++) {
          const bit = ((png.data[y * stride + (x >> 3)] as number) >> (7 - (x & 7))) & 1;
          if (bit === dotAt(large, x, y)) throw new Error(`pixel ${x}, ${y}`);
        }
    }),
  );
});

test.each([0, 1.5, -1])('a dot cannot be %s pixels', (scale) => {
  expect(() => previewPng(createBitmap(8, 8), { scale })).toThrow(RangeError);
});

const drawing = () => {
  const bitmap = createBitmap(6, 3);
  for (const [x, y] of [
    [0, 0],
    [0, 1],
    [1, 0],
    [2, 1],
    [5, 2],
  ] as const)
    setDot(bitmap, x, y, 1);
  return bitmap;
};

test('a line of the terminal shows two rows of dots', () => {
  expect(previewTerminal(drawing(), { isColoured: false })).toBe('█▀▄\n     ▀');
});

test('with colours, black is black on every terminal', () => {
  expect(previewTerminal(drawing())).toBe(
    '\u001b[30;107m█▀▄   \u001b[0m\n\u001b[30;107m     ▀\u001b[0m',
  );
});

test('a picture that is too wide is shrunk by a whole number', () => {
  const lines = previewTerminal(createBitmap(576, 300), { columns: 100, isColoured: false });
  const wide = previewTerminal(magnify(drawing(), 3), { columns: 6, isColoured: false });

  expect(lines.split('\n').length).toBe(25);
  expect(wide).toBe('█▀▄\n     ▀');
});
