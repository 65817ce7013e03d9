/** Another reader of ESC/POS, npos, sees the same dots as ours. */

import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Page } from '#emulator/printer/page';
import { createPrinter } from '#emulator/printer/printer';
import { bytesOf, ESC, fullCut, initialise, raster } from './streams.ts';

/** npos is an ESC/POS parser from elsewhere, without types: what is used of it. */
interface Npos {
  parser(): { parse(raw: Buffer): Promise<{ entries: readonly { type: string; data: Bitmap }[] }> };
}
interface Bitmap {
  readonly width: number;
  readonly height: number;
  getPixel(x: number, y: number): number;
}
const npos: Npos = createRequire(import.meta.url)('npos');

const WIDTH = 48;
const band = fc
  .array(fc.uint8Array({ minLength: WIDTH / 8, maxLength: WIDTH / 8 }), {
    minLength: 1,
    maxLength: 20,
  })
  .map((rows) => rows.map((row) => [...row]));

test('bands of GS v 0 become the same dots as npos reads from them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(band, { minLength: 1, maxLength: 5 }), async (bands) => {
      const stream = bytesOf(
        initialise,
        ...bands.map((rows) => raster(0, rows)),
        ESC,
        'd',
        0,
        fullCut,
      );
      const pages: Page[] = [];
      const printer = createPrinter({
        paperWidthDots: WIDTH,
        dpi: 203,
        onPage: (page) => pages.push(page),
        onAnswer: () => undefined,
      });

      printer.receive(stream);
      const { entries } = await npos.parser().parse(Buffer.from(stream));

      const seen = entries.filter(({ type }) => type === 'raster').map(({ data }) => packed(data));
      expect(seen).toEqual(pages.map(({ dots, heightDots }) => ({ dots, heightDots })));
      expect(seen).toHaveLength(1);
    }),
    { numRuns: 50 },
  );
});

function packed(bitmap: Bitmap): Pick<Page, 'dots' | 'heightDots'> {
  const dots = new Uint8Array((bitmap.width * bitmap.height) / 8);
  for (let y = 0; y < bitmap.height; y++) {
    for (let x = 0; x < bitmap.width; x++) {
      const at = y * bitmap.width + x;
      if (bitmap.getPixel(x, y) === 0) dots[at >> 3] = (dots[at >> 3] ?? 0) | (0x80 >> (at & 7));
    }
  }
  return { dots, heightDots: bitmap.height };
}
