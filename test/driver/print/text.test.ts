/** Text as dots: whole outlines, whole dots, and no character that could be anything but a shape. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bitmap, createBitmap, dotAt } from '#driver/print/bitmap';
import { fillOutline, translation } from '#driver/print/outline';
import {
  capHeight,
  drawText,
  fitText,
  inkEdges,
  measureText,
  printable,
  type TextStyle,
} from '#driver/print/text';

const style: TextStyle = { weight: 600, size: 26 };

const blackDots = (bitmap: Bitmap): number => {
  let count = 0;
  for (const byte of bitmap.data) for (let bits = byte; bits > 0; bits >>= 1) count += bits & 1;
  return count;
};

const drawn = (text: string, of: TextStyle = style): Bitmap => {
  const bitmap = createBitmap(measureText(text, of) + 2 * of.size, 3 * of.size);
  drawText(bitmap, text, of, { x: of.size, baseline: 2 * of.size });
  return bitmap;
};

const square = (left: number, top: number, size: number, isReversed = false) => {
  const corners: [number, number][] = [
    [left, top],
    [left + size, top],
    [left + size, top + size],
    [left, top + size],
  ];
  if (isReversed) corners.reverse();
  return corners.map(([x, y], at) => ({ type: at === 0 ? 'M' : 'L', x, y }) as const);
};

describe('an outline', () => {
  test.each([
    ['a square covers its dots', [...square(2, 2, 6)], 36],
    ['a hole turns the other way round', [...square(2, 2, 6), ...square(4, 4, 2, true)], 32],
    ['an overlap of two parts stays black', [...square(2, 2, 6), ...square(5, 5, 6)], 63],
    ['less than half a dot is white', [...square(2.3, 2.3, 0.4)], 0],
    ['what lies outside is left out', [...square(-3, -3, 6)], 9],
    ['nothing draws nothing', [], 0],
  ])('%s', (_, commands, count) => {
    const bitmap = createBitmap(16, 16);

    fillOutline(bitmap, commands, translation(0, 0));

    expect(blackDots(bitmap)).toBe(count);
  });

  test('a circle of quarter curves has the area of a circle', () => {
    const bitmap = createBitmap(100, 100);
    const k = 40 * 0.5523;

    fillOutline(
      bitmap,
      [
        { type: 'M', x: 90, y: 50 },
        { type: 'C', x1: 90, y1: 50 + k, x2: 50 + k, y2: 90, x: 50, y: 90 },
        { type: 'C', x1: 50 - k, y1: 90, x2: 10, y2: 50 + k, x: 10, y: 50 },
        { type: 'C', x1: 10, y1: 50 - k, x2: 50 - k, y2: 10, x: 50, y: 10 },
        { type: 'C', x1: 50 + k, y1: 10, x2: 90, y2: 50 - k, x: 90, y: 50 },
        { type: 'Z' },
      ],
      translation(0, 0),
    );

    expect(blackDots(bitmap) / (Math.PI * 40 * 40)).toBeCloseTo(1, 1);
  });
});

test('an H is as high as a capital is said to be, and stands on the base line', () => {
  const bitmap = drawn('H');
  const rows = Array.from({ length: bitmap.height }, (_, y) => y).filter((y) =>
    Array.from({ length: bitmap.width }, (_, x) => dotAt(bitmap, x, y)).includes(1),
  );

  expect(rows.length).toBe(capHeight(style));
  expect(rows.at(-1)).toBe(2 * style.size - 1);
});

test('the same text is the same dots wherever on the line it begins', () => {
  const [here, there] = [10, 33].map((x) => {
    const bitmap = createBitmap(200, 60);
    drawText(bitmap, 'Piece 1,581', style, { x, baseline: 40 });
    return Array.from({ length: 140 * 60 }, (_, at) =>
      dotAt(bitmap, x - 10 + (at % 140), Math.floor(at / 140)),
    );
  });

  expect(here).toEqual(there);
});

test('a text set to the right ends where one set to the left would begin', () => {
  const width = measureText('20260', style);
  const left = createBitmap(200, 60);
  const right = createBitmap(200, 60);

  drawText(left, '20260', style, { x: 20, baseline: 40 });
  drawText(right, '20260', style, { x: 20 + width, baseline: 40, align: 'right' });

  expect(right).toEqual(left);
});

test('the edges of the ink are where the first and the last dot is', () => {
  const { left, right } = inkEdges('$0.78', style);
  const bitmap = drawn('$0.78');
  const isInk = (x: number): boolean =>
    Array.from({ length: bitmap.height }, (_, y) => dotAt(bitmap, x, y)).includes(1);
  const columns = Array.from({ length: bitmap.width }, (_, x) => x).filter(isInk);

  expect(columns.at(0)).toBe(style.size + left);
  expect(columns.at(-1)).toBe(style.size + measureText('$0.78', style) - right - 1);
});

describe('characters', () => {
  test.each([
    ['Latin', 'Zoë Łukasiewicz-Ångström'],
    ['Greek', 'Ελλάδα'],
    ['Cyrillic', 'Київ'],
    ['Vietnamese', 'Đường'],
  ])('%s letters have shapes of their own', (_, text) => {
    const box = drawn('\u2603'); // a snowman, which the font lacks

    for (const letter of text.replaceAll(/[ -]/g, '')) expect(drawn(letter)).not.toEqual(box);
  });

  test('one that the font lacks is a box that can be seen', () => {
    const box = drawn('\u2603');

    expect(blackDots(box)).toBeGreaterThan(style.size);
    expect(drawn('\u{1f4ee}')).toEqual(box);
  });

  test.each([
    ['ESC @', 'A\u001b@B', 'A@B'],
    ['GS V', 'A\u001dV\u0000B', 'AVB'],
    ['DLE EOT', 'A\u0010\u0004\u0001B', 'AB'],
    ['NUL, DEL and C1', 'A\u0000\u007f\u0085\u009bB', 'AB'],
    ['direction marks', 'A\u202eB\u2066C', 'ABC'],
    ['half a character', 'A\ud83dB', 'AB'],
    ['line breaks and tabs', 'A\r\n\tB', 'A B'],
    ['accents written apart', 'e\u0301', 'é'],
  ])('%s: only what can be seen is left', (_, text, left) => {
    expect(printable(text)).toBe(left);
    expect(drawn(text)).toEqual(drawn(left));
  });
});

test('a text fits into the width it is given, and tells that it was cut', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), fc.integer({ min: 30, max: 400 }), (text, width) => {
      const fitted = fitText(text, style, width, 14);

      expect(measureText(fitted.text, fitted.style)).toBeLessThanOrEqual(width);
      expect(fitted.style.size).toBeGreaterThanOrEqual(14);
      if (fitted.text !== printable(text)) expect(fitted.text).toMatch(/…$/);
    }),
    { numRuns: 50 },
  );
});

test('a text that fits is left as it is', () => {
  expect(fitText('TS01-0000000042', style, 300, 14)).toEqual({ text: 'TS01-0000000042', style });
});
