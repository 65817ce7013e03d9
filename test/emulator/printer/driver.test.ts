/** The driver prints on the virtual printer: status, completion and dots agree (requirements.md F6, H4). */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bitmap, createBitmap } from '#driver/print/bitmap';
import { encodeEscpos } from '#driver/print/escpos';
import { openPrinter } from '#driver/print/printer';
import { printerProfiles } from '#driver/print/printer-profile';
import type { Page } from '#emulator/printer/page';
import { createPrinter } from '#emulator/printer/printer';
import { startVirtualPrinter } from '#emulator/printer/virtual-printer';

const profiles = Object.entries(printerProfiles).map(([name, profile]) => ({ name, profile }));

/** Pictures with black and with long white parts. */
const anyBitmap: fc.Arbitrary<Bitmap> = fc
  .tuple(
    fc.integer({ min: 1, max: 384 }),
    fc.array(
      fc.oneof(fc.integer({ min: 1, max: 300 }), fc.uint8Array({ minLength: 48, maxLength: 48 })),
      { minLength: 1, maxLength: 12 },
    ),
  )
  .map(([width, parts]) => {
    const rows = parts.flatMap((part) =>
      typeof part === 'number' ? Array.from({ length: part }, () => new Uint8Array(48)) : [part],
    );
    const bitmap = createBitmap(width, rows.length);
    const padding = (0xff << (bitmap.stride * 8 - width)) & 0xff;
    for (const [y, row] of rows.entries()) {
      const last = bitmap.stride - 1;
      bitmap.data.set(row.subarray(0, bitmap.stride), y * bitmap.stride);
      bitmap.data[y * bitmap.stride + last] = (row[last] ?? 0) & padding;
    }
    return bitmap;
  });

/** The dots of a picture on paper of some width. */
function onPaper(bitmap: Bitmap, widthDots: number): Uint8Array {
  const rowSize = Math.ceil(widthDots / 8);
  const dots = new Uint8Array(rowSize * bitmap.height);
  for (let y = 0; y < bitmap.height; y++) {
    const row = bitmap.data.subarray(y * bitmap.stride, (y + 1) * bitmap.stride);
    dots.set(row, y * rowSize);
  }
  return dots;
}

test.each(profiles)(
  'what the driver composes for $name is on the page, dot for dot',
  ({ profile }) => {
    fc.assert(
      fc.property(anyBitmap, (bitmap) => {
        const pages: Page[] = [];
        const remarks: string[] = [];
        const printer = createPrinter({
          paperWidthDots: profile.headDots,
          dpi: profile.dpi,
          onPage: (page) => pages.push(page),
          onAnswer: () => undefined,
          onRemark: ({ text }) => remarks.push(text),
        });

        printer.receive(encodeEscpos(bitmap, profile, { jobId: 'J001' }));
        if (profile.cutter === 'none') printer.tearOff();

        const expected = onPaper(bitmap, profile.headDots);
        expect(pages[0]?.dots.slice(0, expected.length)).toEqual(expected);
        expect(pages[0]?.dots.slice(expected.length).some((byte) => byte !== 0)).toBe(false);
        expect(pages).toHaveLength(1);
        expect(remarks).toEqual([]);
      }),
      { numRuns: 25 },
    );
  },
);

describe('the driver on a virtual printer', () => {
  const profile = printerProfiles['epson-80mm'];
  const bytes = encodeEscpos(createBitmap(100, 40), profile, { jobId: 'J001' });

  test('hears that the job is printed', async () => {
    await using paper = await startVirtualPrinter();
    await using printer = await openPrinter(paper.address, profile);

    expect((await printer.status()).readiness).toBe('ready');
    expect(await printer.print(bytes, { jobId: 'J001' })).toBe('confirmed');
    expect(paper.report.pages).toBe(1);
  });

  test.each([
    { fault: { kind: 'paperOut', afterRows: 0 } as const, problem: 'paperOut' },
    { fault: { kind: 'coverOpen' } as const, problem: 'coverOpen' },
  ])('sees $problem before the first byte, and nothing is printed', async ({ fault, problem }) => {
    await using paper = await startVirtualPrinter();
    await using printer = await openPrinter(paper.address, profile);
    paper.fault(fault);

    const status = await printer.status();
    const failure = await printer.print(bytes, { jobId: 'J001' }).catch((error: unknown) => error);

    expect(status.readiness).toBe('blocked');
    expect(status.problems[0]).toBe(problem);
    expect(failure).toMatchObject({ stage: 'before first byte', problem });
    paper.clearFaults();
    expect(paper.report.pages).toBe(0);
  });

  test('never takes a mute printer for one that is ready', async () => {
    await using paper = await startVirtualPrinter();
    await using printer = await openPrinter(paper.address, profile, { timeouts: { statusMs: 20 } });
    paper.fault({ kind: 'mute' });

    expect((await printer.status()).readiness).toBe('unknown');
  });
});
