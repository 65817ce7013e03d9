/** The dots of the interpreter equal those of a parser that was not written here (npos). */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Page } from '#emulator/printer/page';
import { createPrinter } from '#emulator/printer/printer';
import { parseWithNpos } from '#test/support/npos-picture';
import { bytesOf, ESC, fullCut, initialise, raster } from './streams.ts';

const WIDTH = 48;
const band = fc
  .array(fc.uint8Array({ minLength: WIDTH / 8, maxLength: WIDTH / 8 }), {
    minLength: 1,
    maxLength: 20,
  })
  .map((rows) => rows.map((row) => [...row]));

test('bands of GS v 0 become the same dots as another parser reads from them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(band, { minLength: 1, maxLength: 5 }), async (bands) => {
      const pictures = bands.map((rows) => raster(0, rows));
      const stream = bytesOf(initialise, ...pictures, ESC, 'd', 0, fullCut);
      const pages: Page[] = [];
      const printer = createPrinter({
        paperWidthDots: WIDTH,
        dpi: 203,
        onPage: (page) => pages.push(page),
        onAnswer: () => undefined,
      });

      printer.receive(stream);
      const { width, height, data } = await parseWithNpos(stream);

      expect(pages).toHaveLength(1);
      expect(pages[0]).toMatchObject({ widthDots: width, heightDots: height, dots: data });
    }),
    { numRuns: 50 },
  );
});
