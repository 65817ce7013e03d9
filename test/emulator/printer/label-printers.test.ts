/** Virtual ZPL and TSPL printers: the dots that were sent, the states that were asked for, through the driver (printing.md 5). */

import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type Bitmap, createBitmap, crop } from '#driver/print/bitmap';
import { encodeJob } from '#driver/print/encode';
import { composeLabel } from '#driver/print/label';
import { layoutNamed } from '#driver/print/layout';
import { openPrinter, type Printer } from '#driver/print/printer';
import { printerProfiles } from '#driver/print/printer-profile';
import type { PrinterLanguage } from '#emulator/printer/engine';
import type { Page } from '#emulator/printer/page';
import { createPrinter } from '#emulator/printer/printer';
import {
  startVirtualPrinter,
  type VirtualPrinter,
  type VirtualPrinterOptions,
} from '#emulator/printer/virtual-printer';
import { signIndicium } from '#test/support/documents';
import { signedIndicium } from '#test/support/indicia';
import { anyPicture } from '#test/support/pictures';
import { readSymbol } from '#test/support/symbol-reader';
import { temporaryFolder } from '#test/support/temporary-folder';

const languages = ['zpl', 'tspl'] as const;
const profileOf = { zpl: printerProfiles['zpl-4inch'], tspl: printerProfiles['tspl-4inch'] };
const roll = layoutNamed('roll');
/** `~HS`, or ESC ! ?. */
const QUESTION_SIZE = 3;

/** What comes out of a printer that got a stream in pieces. */
function printed(
  language: PrinterLanguage,
  stream: Uint8Array,
  pieceSize = stream.length,
): readonly Page[] {
  const pages: Page[] = [];
  const printer = createPrinter({
    language,
    paperWidthDots: 832,
    dpi: 203,
    onPage: (page) => pages.push(page),
    onAnswer: () => undefined,
  });
  for (let at = 0; at < stream.length; at += pieceSize)
    printer.receive(stream.subarray(at, at + pieceSize));
  expect(printer.report).toMatchObject({ unknownCommands: 0, remarks: [] });
  return pages;
}

const pictureOf = (page: Page | undefined): Bitmap => {
  const { widthDots: width = 0, heightDots: height = 0, dots } = page ?? {};
  return { width, height, stride: Math.ceil(width / 8), data: dots ?? new Uint8Array(0) };
};

describe.each(languages)('%s', (language) => {
  const profile = profileOf[language];

  test('any dots come out as they were sent, however the stream is cut', () => {
    fc.assert(
      fc.property(anyPicture, fc.integer({ min: 1, max: 300 }), (picture, pieceSize) => {
        const pages = printed(language, encodeJob(picture, profile, { layout: roll }), pieceSize);

        expect(pages).toHaveLength(1);
        const { width, height } = picture;
        expect(crop(pictureOf(pages[0]), { x: 0, y: 0, width, height })).toEqual(picture);
        expect(pages[0]?.heightDots).toBe(height);
      }),
      { numRuns: 60 },
    );
  });

  test('a label of a roll is as long as the label, and its symbol can be read', async () => {
    const label = composeLabel(signedIndicium(), profile, { service: 'First-class letter' });

    const [page] = printed(language, encodeJob(label, profile));

    expect(page?.heightDots).toBe(1_218);
    expect(await readSymbol(pictureOf(page))).toEqual(signIndicium());
  });
});

let open: { printer: VirtualPrinter; line: Printer } | undefined;
afterEach(async () => {
  await open?.line.close();
  await open?.printer.close();
  open = undefined;
});

async function desk(
  language: 'zpl' | 'tspl',
  options: VirtualPrinterOptions = {},
): Promise<{ printer: VirtualPrinter; line: Printer }> {
  const printer = await startVirtualPrinter({ language, paperWidthDots: 832, ...options });
  const line = await openPrinter(printer.address, profileOf[language], {
    timeouts: { statusMs: 300, confirmMs: 3_000, watchMs: 20, stallMs: 1_000 },
  });
  open = { printer, line };
  return open;
}

const picture = createBitmap(64, 200);
picture.data.fill(0xaa);

describe.each(languages)('the driver and a %s printer', (language) => {
  const job = encodeJob(picture, profileOf[language], { layout: roll });

  test('is ready, prints, and is known to have printed', async () => {
    const directory = temporaryFolder();
    const { line, printer } = await desk(language, { outputDirectory: directory });
    const page = printer.nextPage();

    expect(await line.status()).toMatchObject({ readiness: 'ready', problems: [] });
    expect(await line.print(job)).toBe('confirmed');

    expect((await page).heightDots).toBe(200);
    expect(readdirSync(directory)).toEqual(['page-0001.png', `page-0001.${language}`]);
  });

  test.each([
    ['coverOpen', { isCoverOpen: true }],
    ['paperOut', { paper: 'out' }],
    [language === 'zpl' ? 'offline' : 'fault', { error: 'overheated' }],
  ] as const)('says %s before a job, which is then not begun', async (problem, status) => {
    const { line, printer } = await desk(language);
    printer.setStatus(status);

    expect(await line.status()).toMatchObject({ readiness: 'blocked', problems: [problem] });
    await expect(line.print(job)).rejects.toMatchObject({ problem, stage: 'before first byte' });
    expect(printer.report.pages).toBe(0);
  });

  test('paper that ends in the label is told, and nothing is sent again', async () => {
    const { line, printer } = await desk(language);
    printer.fault({ kind: 'paperOut', afterRows: 50 });

    await expect(line.print(job)).rejects.toMatchObject({
      problem: 'paperOut',
      stage: 'after first byte',
    });
    expect(printer.report.receivedBytes).toBeLessThan(2 * job.length);
  });

  test('a mute one is unknown, never ready; what it got is sent, not printed', async () => {
    const { line, printer } = await desk(language);
    printer.fault({ kind: 'mute' });

    expect(await line.status()).toMatchObject({ readiness: 'unknown' });
    expect(await line.print(job)).toBe('sent');
  });

  test('bytes that are lost at the end confirm nothing', async () => {
    const { line, printer } = await desk(language);
    printer.fault({ kind: 'loseBytes', afterBytes: QUESTION_SIZE + job.length - 6, count: 6 });

    expect(await line.print(job)).toBe('sent');
    expect(printer.report.pages).toBe(0);
  });

  test('a line that is cut is told', async () => {
    const { line, printer } = await desk(language);
    printer.fault({ kind: 'cutConnection', afterBytes: 60 });

    await expect(line.print(job)).rejects.toMatchObject({
      problem: 'connectionLost',
      stage: 'after first byte',
    });
  });
});

test.each([
  ['zpl', '^XA^FO0,0^FDHello^FS^XZ', '^FD is not modelled: print a picture'],
  ['zpl', '^XA^FO0,0^GFB,1,1,1,x^FS^XZ', '^GF other than A is not modelled'],
  ['zpl', '^XA^ZZ^XZ', 'no command begins with 5e 5a 5a'],
  ['zpl', '^XA^GFA,4,4,1,FF^FS^XZ', '^GFA has 1 of 4 bytes'],
  ['tspl', 'TEXT 0,0,"1",0,1,1,"Hello"\r\n', 'TEXT is not modelled: print a BITMAP'],
  ['tspl', 'HELLO\r\n', 'no command begins with 48 45 4c 4c 4f'],
] as const)('a %s printer remarks on %s', (language, stream, remark) => {
  const printer = createPrinter({
    language,
    paperWidthDots: 64,
    dpi: 203,
    onPage: () => undefined,
    onAnswer: () => undefined,
  });

  printer.receive(Buffer.from(stream));

  expect(printer.report.remarks.map(({ text }) => text)).toEqual([remark]);
});
