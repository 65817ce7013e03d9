/** A printer without its socket: pages, paper, status, and jobs that break off. */

import fc from 'fast-check';
import { decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { isBlack } from '#emulator/printer/dot-rows';
import { type Page, pagePng } from '#emulator/printer/page';
import { createPrinter, type PrinterOptions } from '#emulator/printer/printer';
import {
  anySplit,
  anyStream,
  bytesOf,
  completionOf,
  DLE,
  ESC,
  fullCut,
  GS,
  initialise,
  type Part,
  processId,
  raster,
} from './streams.ts';

/** A printer for 16 dots at 60 dpi, that is 10 rows a line feed, with what it gave in the order it gave it. */
function onDesk(options: Partial<PrinterOptions> = {}) {
  const pages: Page[] = [];
  const events: string[] = [];
  const printer = createPrinter({
    paperWidthDots: 16,
    dpi: 60,
    onPage: (page) => {
      pages.push(page);
      events.push(`page of ${page.heightDots}`);
    },
    onAnswer: (bytes) => events.push(`answer ${Buffer.from(bytes).toString('hex')}`),
    ...options,
  });
  const send = (...parts: readonly Part[]) => printer.receive(bytesOf(...parts));
  return { printer, pages, events, send };
}

const square = raster(0, [
  [0xff, 0x00],
  [0x81, 0x00],
]);
const completed = (id: string): string => `answer ${Buffer.from(completionOf(id)).toString('hex')}`;

describe('a page', () => {
  test('has the burnt dots and the fed paper, nothing more', () => {
    const { pages, send } = onDesk();

    send(initialise, square, ESC, 'J', 1, square, fullCut);

    expect(pages).toEqual([
      {
        number: 1,
        widthDots: 16,
        heightDots: 5,
        dpi: 60,
        dots: bytesOf([0xff, 0, 0x81, 0, 0, 0, 0xff, 0, 0x81, 0]),
        end: 'fullCut',
        textLines: [],
        raw: bytesOf(initialise, square, ESC, 'J', 1, square, fullCut),
        isRawTruncated: false,
      },
    ]);
  });

  test('ends at the cut, and the rest of the stream belongs to the next', () => {
    const { pages, send } = onDesk();

    send(square, fullCut, processId('J001'), square, 'A\n', GS, 'V', 66, 0);

    expect(pages.map(({ number, heightDots, end }) => [number, heightDots, end])).toEqual([
      [1, 2, 'fullCut'],
      [2, 26, 'partialCut'],
    ]);
    expect(pages[1]?.raw).toEqual(bytesOf(processId('J001'), square, 'A\n', GS, 'V', 66, 0));
    expect(pages[1]?.textLines).toEqual(['A']);
  });

  test('is as long as what is printed on it', () => {
    const { pages, send } = onDesk();
    const rows = Array.from({ length: 1000 }, (_, index) => [index & 0xff, index >> 8]);

    send(raster(0, rows), fullCut);

    expect(pages[0]?.dots).toEqual(bytesOf(rows.flat()));
  });

  test('is not made where nothing hangs out', () => {
    const { pages, send } = onDesk();

    send(initialise, fullCut, fullCut);

    expect(pages).toEqual([]);
  });

  test('can be torn off by hand', () => {
    const { printer, pages, send } = onDesk();
    send(square);

    const page = printer.tearOff();

    expect(page?.end).toBe('tornOff');
    expect(pages).toEqual([page]);
    expect(printer.tearOff()).toBeUndefined();
  });

  test('ends by itself at the length limit', () => {
    const { pages, send } = onDesk({ pageRowsMax: 100 });

    send(ESC, 'J', 250, square);
    send(fullCut);

    expect(pages.map(({ heightDots, end }) => [heightDots, end])).toEqual([
      [100, 'lengthLimit'],
      [100, 'lengthLimit'],
      [52, 'fullCut'],
    ]);
  });

  test('is a 1-bit picture with one pixel a dot, black where it was burnt', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 8, max: 40 }),
        fc.array(fc.uint8Array({ minLength: 5, maxLength: 5 }), { minLength: 1, maxLength: 9 }),
        (paperWidthDots, rows) => {
          const { pages, send } = onDesk({ paperWidthDots, dpi: 203.2 });
          send(
            raster(
              0,
              rows.map((row) => [...row]),
            ),
            fullCut,
          );
          const [page] = pages;
          if (page === undefined) throw new Error('no page came');

          const picture = decode(pagePng(page), { checkCrc: true });

          const { width, height, depth, channels, resolution } = picture;
          expect({ width, height, depth, channels }).toEqual({
            width: paperWidthDots,
            height: rows.length,
            depth: 1,
            channels: 1,
          });
          expect(resolution).toEqual({ x: 8000, y: 8000, unit: 1 });
          const rowSize = Math.ceil(width / 8);
          for (const [y, sent] of rows.entries()) {
            const seen = new Uint8Array(picture.data.buffer, y * rowSize, rowSize);
            for (let x = 0; x < width; x++) expect(isBlack(seen, x)).toBe(!isBlack(sent, x));
          }
        },
      ),
    );
  });
});

describe('a printer without paper', () => {
  test.each([
    { rows: 0, burnt: [] },
    { rows: 1, burnt: [0xff, 0] },
    { rows: 2, burnt: [0xff, 0, 0x81, 0] },
    { rows: 3, burnt: [0xff, 0, 0x81, 0, 0, 0] },
  ])('stops after exactly $rows rows, and goes on where it stopped', ({ rows, burnt }) => {
    const { printer, pages, events, send } = onDesk();
    printer.endPaperAfter(rows);
    send(square, ESC, 'J', 5, square, processId('J001'));

    const before = printer.tearOff();
    const answersBefore = [...events].filter((event) => event.startsWith('answer'));
    printer.loadPaper();
    printer.tearOff();

    expect([...(before?.dots ?? [])]).toEqual(burnt);
    expect(answersBefore).toEqual([]);
    expect(pages.reduce((sum, page) => sum + page.heightDots, 0)).toBe(9);
    expect(events).toContain(completed('J001'));
  });

  test('answers DLE EOT all the same, but GS r only when it has paper again', () => {
    const { printer, events, send } = onDesk();
    printer.endPaperAfter(0);

    send(GS, 'r', 1, DLE, 4, 1, DLE, 4, 4);
    const meanwhile = events.splice(0);
    printer.loadPaper();

    expect(meanwhile).toEqual(['answer 1a', 'answer 7e']);
    expect(events).toEqual(['answer 00']);
  });

  test('knows how much waits', () => {
    const { printer, send } = onDesk();
    printer.endPaperAfter(0);

    send(square, 'AB', fullCut);
    const waiting = printer.waitingBytes;
    printer.loadPaper();

    expect(waiting).toBe(square.length - 8 + 8 + 2 + 3);
    expect(printer.waitingBytes).toBe(0);
  });
});

describe('the status', () => {
  test('is told by itself where GS a asked for it, until ESC @', () => {
    const { printer, events, send } = onDesk();
    send(GS, 'a', 0x0e);
    printer.setStatus({ paper: 'nearEnd' });
    printer.setStatus({ isCoverOpen: true });
    printer.setStatus({ isCoverOpen: false });
    send(initialise);
    printer.setStatus({ isCoverOpen: true });

    expect(events).toEqual([
      'answer 1000000f',
      'answer 1000030f',
      'answer 3800030f',
      'answer 1000030f',
    ]);
  });

  test('is not told of other changes than those asked for', () => {
    const { printer, events, send } = onDesk();
    send(GS, 'a', 0x08);

    printer.setStatus({ isCoverOpen: true });

    expect(events).toEqual(['answer 1000000f']);
  });

  test('is told to its owner when it changes, not when it does not', () => {
    const told: string[] = [];
    const { printer } = onDesk({ onStatus: ({ paper }) => told.push(paper) });

    printer.setStatus({ paper: 'nearEnd' });
    printer.setStatus({ paper: 'nearEnd' });
    printer.loadPaper();

    expect(told).toEqual(['nearEnd', 'adequate']);
  });
});

describe('DLE EOT inside a picture', () => {
  const picture = raster(0, [
    [DLE, 4],
    [1, 0],
  ]);

  test.each([
    { answersInsideData: false, answers: [] },
    { answersInsideData: true, answers: ['answer 12'] },
  ])('is dots, answered: $answersInsideData', ({ answersInsideData, answers }) => {
    const { pages, events, send } = onDesk({ answersInsideData });

    send(picture, fullCut);

    expect(events).toEqual([...answers, 'page of 2']);
    expect(pages[0]?.dots).toEqual(bytesOf([DLE, 4, 1, 0]));
  });

  test('is answered once outside of pictures, too', () => {
    const { events, send } = onDesk({ answersInsideData: true });

    send(DLE, DLE, 4, 1, DLE, 4, 5);

    expect(events).toEqual(['answer 12']);
  });
});

test('a job that breaks off in a picture swallows the beginning of the next', () => {
  const { pages, send } = onDesk();
  send(square.slice(0, -2));

  send(initialise, square, fullCut);

  expect(pages[0]?.dots).toEqual(bytesOf([0xff, 0, ESC, 0x40, 0xff, 0, 0x81, 0]));
});

test('a power cycle forgets the job and the settings, but not the paper', () => {
  const { printer, pages, events, send } = onDesk();
  send(GS, 'a', 0xff, GS, 'L', 8, 0, square.slice(0, -2));
  printer.setStatus({ isCoverOpen: true });
  send(square, 0xff, processId('J001'));

  printer.powerCycle();
  const told = events.splice(0);
  printer.setStatus({ isCoverOpen: false });
  send(square, fullCut);

  expect(pages[0]?.dots).toEqual(bytesOf([0, 0xff, 0xff, 0, 0x81, 0]));
  expect(told).toEqual(['answer 1000000f', 'answer 3800000f']);
  expect(events).toEqual(['page of 3']);
});

test('the report counts what a real printer would not print as it was meant', () => {
  const remarked: string[] = [];
  const { printer, send } = onDesk({ onRemark: ({ text }) => remarked.push(text) });

  send(initialise, 'H\n', ESC, '~', ESC, '!', 0, ESC, '!', 1, raster(9, [[1]]), fullCut);

  expect(printer.report).toEqual({
    receivedBytes: 24,
    pages: 1,
    textLines: 1,
    unknownCommands: 1,
    remarks: [
      { text: 'no command begins with 1b 7e', offset: 4 },
      { text: 'GS v 0 has no mode 9: the picture is not printed', offset: 12 },
    ],
    ignored: new Map([['ESC !', 2]]),
  });
  expect(remarked).toEqual(printer.report.remarks.map(({ text }) => text));
});

test.each([
  { paperWidthDots: 7 },
  { paperWidthDots: 0x10000 },
  { paperWidthDots: 16.5 },
  { dpi: 0 },
  { dpi: Number.NaN },
  { pageRowsMax: 0 },
])('there is no printer with %o', (options) => {
  expect(() => onDesk(options)).toThrow(RangeError);
});

describe('any stream', () => {
  test('prints the same pages and answers however it is split', () => {
    fc.assert(
      fc.property(anySplit, ({ whole, pieces }) => {
        const once = onDesk({ pageRowsMax: 300 });
        const split = onDesk({ pageRowsMax: 300 });

        once.printer.receive(whole);
        for (const piece of pieces) split.printer.receive(piece);
        once.printer.tearOff();
        split.printer.tearOff();

        expect(split.events).toEqual(once.events);
        expect(split.pages).toEqual(once.pages);
        expect(split.printer.report).toEqual(once.printer.report);
      }),
    );
  });

  test('prints the same dots with a pause for paper at any row', () => {
    fc.assert(
      fc.property(anyStream, fc.nat(120), (stream, rows) => {
        const steady = onDesk();
        const paused = onDesk();
        paused.printer.endPaperAfter(rows);

        steady.printer.receive(stream);
        paused.printer.receive(stream);
        paused.printer.loadPaper();
        steady.printer.tearOff();
        paused.printer.tearOff();

        expect(paused.pages).toEqual(steady.pages);
      }),
    );
  });

  test('of garbage keeps paper, remarks and raw bytes within their limits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(anyStream, fc.uint8Array({ maxLength: 2000 })), { maxLength: 10 }),
        (streams) => {
          const { printer, pages } = onDesk({ pageRowsMax: 200, rawSizeMax: 500 });

          for (const stream of streams) printer.receive(stream);
          printer.tearOff();

          expect(printer.report.remarks.length).toBeLessThanOrEqual(100);
          for (const page of pages) {
            expect(page.heightDots).toBeLessThanOrEqual(200);
            expect(page.raw.length).toBeLessThanOrEqual(500);
          }
        },
      ),
    );
  });
});
