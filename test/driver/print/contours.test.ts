/** Outlines along the edges of dots: filled, they are the picture again. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Bitmap, createBitmap, setDot } from '#driver/print/bitmap';
import { contoursOf } from '#driver/print/contours';
import type { PathCommand } from '#driver/print/opentype';
import { fillOutline, translation } from '#driver/print/outline';
import { previewSvg } from '#driver/print/preview';
import { anyPicture } from '#test/support/pictures';

const drawn = (...rows: readonly string[]): Bitmap => {
  const bitmap = createBitmap(rows[0]?.length ?? 0, rows.length);
  rows.forEach((row, y) => {
    for (const [x, dot] of [...row].entries()) if (dot === '#') setDot(bitmap, x, y, 1);
  });
  return bitmap;
};

/** Filled by the scan lines that letters are filled with, which know nothing of how they were found. */
function filled({ width, height }: Bitmap, contours: readonly (readonly number[])[]): Bitmap {
  const bitmap = createBitmap(width, height);
  const commands = contours.flatMap((corners) =>
    corners.flatMap((x, at): PathCommand[] =>
      at % 2 === 1 ? [] : [{ type: at === 0 ? 'M' : 'L', x, y: corners[at + 1] as number }],
    ),
  );
  fillOutline(bitmap, commands, translation(0, 0));
  return bitmap;
}

test.each([
  ['nothing', ['...'], []],
  ['a dot', ['#'], [[0, 0, 1, 0, 1, 1, 0, 1]]],
  ['a bar over two rows', ['##', '##'], [[0, 0, 2, 0, 2, 2, 0, 2]]],
  [
    'dots that touch at a corner',
    ['#.', '.#'],
    [
      [0, 0, 1, 0, 1, 1, 0, 1],
      [1, 1, 2, 1, 2, 2, 1, 2],
    ],
  ],
  [
    'a hole, the other way round',
    ['###', '#.#', '###'],
    [
      [0, 0, 3, 0, 3, 3, 0, 3],
      [1, 2, 2, 2, 2, 1, 1, 1],
    ],
  ],
])('%s', (_, rows, contours) => {
  expect(contoursOf(drawn(...rows))).toEqual(contours);
});

test('filled, they are the picture, whatever it is', () => {
  fc.assert(
    fc.property(anyPicture, (picture) => {
      expect(filled(picture, contoursOf(picture))).toEqual(picture);
    }),
    { numRuns: 100 },
  );
});

test('an SVG has the size of the paper, and the dots as one path', () => {
  expect(previewSvg(drawn('##.', '#..'), 203.2)).toMatchInlineSnapshot(`
    "<svg xmlns="http://www.w3.org/2000/svg" width="0.375mm" height="0.250mm" viewBox="0 0 3 2" shape-rendering="crispEdges"><rect width="3" height="2" fill="#fff"/><path d="M0 0H2V1H1V2H0Z"/></svg>
    "
  `);
});
