/** Pictures of any dots, small enough to try many. */

import fc from 'fast-check';
import { type Bitmap, createBitmap, setDot } from '#driver/print/bitmap';

/** Some rows white, some black, some of noise: what is packed, fed and skipped. */
export const anyPicture: fc.Arbitrary<Bitmap> = fc
  .record({
    width: fc.integer({ min: 1, max: 130 }),
    rows: fc.array(
      fc.record({
        kind: fc.constantFrom('white', 'black', 'noise', 'again'),
        count: fc.integer({ min: 1, max: 24 }),
        noise: fc.uint8Array({ minLength: 17, maxLength: 17 }),
      }),
      { minLength: 1, maxLength: 8 },
    ),
  })
  .map(({ width, rows }) => {
    const all = rows.flatMap(({ kind, count, noise }) =>
      Array.from({ length: count }, (_, row) =>
        kind === 'white'
          ? 0
          : kind === 'black'
            ? 0xff
            : kind === 'again'
              ? noise[0]
              : noise[row % 17],
      ).map((seed, row) => ({ seed: seed as number, kind, row })),
    );
    const bitmap = createBitmap(width, all.length);
    all.forEach(({ seed, kind, row }, y) => {
      for (let x = 0; x < width; x++) {
        const isNoise = kind === 'noise' && ((x * 7 + row * 13 + seed) * 2_654_435_761) % 97 < 48;
        const isAgain = kind === 'again' && ((x + seed) >> 3) % 2 === 0;
        if (seed === 0xff || isNoise || isAgain) setDot(bitmap, x, y, 1);
      }
    });
    return bitmap;
  });
