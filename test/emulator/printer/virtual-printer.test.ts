/** The printer on its TCP port: jobs, status, faults, pages as files. */

import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startVirtualPrinter, type VirtualPrinterOptions } from '#emulator/printer/virtual-printer';
import { connect } from './client.ts';
import {
  anyStream,
  bytesOf,
  completionOf,
  DLE,
  ESC,
  fullCut,
  GS,
  initialise,
  processId,
  raster,
} from './streams.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const picture = raster(0, [
  [0xff, 0x00],
  [0x81, 0x00],
  [0xff, 0x00],
]);
const pictureDots = bytesOf([0xff, 0, 0x81, 0, 0xff, 0]);
const job = bytesOf(initialise, picture, fullCut, processId('J001'));
const askPaper = bytesOf(DLE, 4, 4);
const askPrinter = bytesOf(DLE, 4, 1);

const start = (options: VirtualPrinterOptions = {}) =>
  startVirtualPrinter({ paperWidthDots: 16, dpi: 203, ...options });

describe('a printer on a port', () => {
  test('prints a page and says so', async () => {
    await using printer = await start();
    await using client = await connect(printer);
    const next = printer.nextPage();

    client.send(job);
    const answer = await client.answer(7);
    const page = await next;

    expect(answer).toBe(hex(completionOf('J001')));
    expect(page.dots).toEqual(pictureDots);
    expect(printer.address).toBe(`tcp:127.0.0.1:${printer.tcpPort}`);
  });

  test('answers its status at once, also behind half a picture', async () => {
    await using printer = await start();
    await using client = await connect(printer);

    client.send(askPrinter, askPaper, bytesOf(GS, 'a', 0xff));
    const ready = await client.answer(6);
    client.send(picture, askPrinter);
    const later = await client.answer(1);

    expect(ready).toBe('12121000000f');
    expect(later).toBe('12');
  });

  test('still answers a host that has sent its last byte', async () => {
    await using printer = await start();
    await using client = await connect(printer);

    client.send(job);
    const answers = await client.end();

    expect(answers).toBe(hex(completionOf('J001')));
  });

  test('serves one host at a time, in the order they came', async () => {
    await using printer = await start();
    await using first = await connect(printer);
    await using second = await connect(printer);
    const order: string[] = [];
    printer.on('page', ({ dots }) => order.push(hex(dots)));
    printer.on('connection', ({ number, state }) => order.push(`${number} ${state}`));

    second.send(raster(0, [[2, 2]]), fullCut, askPrinter);
    first.send(raster(0, [[1, 1]]), fullCut, askPrinter);
    await first.answer(1);
    await first.end();
    await second.answer(1);
    await second.end();

    expect(order.filter((line) => line !== '1 open')).toEqual([
      '0101',
      '1 closed',
      '2 open',
      '0202',
      '2 closed',
    ]);
  });

  test('refuses a host where too many wait', async () => {
    await using printer = await start();
    await using served = await connect(printer);
    served.send(askPrinter);
    await served.answer(1);
    const waiting = Array.from({ length: 17 }, () =>
      createConnection({ host: printer.host, port: printer.tcpPort }),
    );

    const last = waiting.at(-1);
    if (last === undefined) throw new Error('no host waits');
    last.resume();
    await once(last, 'close');

    expect(waiting.filter((socket) => socket.closed)).toEqual([last]);
    for (const socket of waiting) socket.destroy();
  });

  test('goes on after a host that hung up in a command', async () => {
    await using printer = await start();
    {
      await using rude = await connect(printer);
      rude.send(askPrinter, bytesOf(ESC));
      await rude.answer(1);
    }
    await using client = await connect(printer);

    client.send(bytesOf('@'), job);

    expect(await client.answer(7)).toBe(hex(completionOf('J001')));
    expect(printer.report.unknownCommands).toBe(0);
  });

  test('survives any garbage, and works again after a power cycle', async () => {
    await using printer = await start();
    const garbage = fc.sample(fc.oneof(anyStream, fc.uint8Array({ maxLength: 3000 })), 20);
    for (const bytes of garbage) {
      await using host = await connect(printer);
      host.send(bytes);
      await host.end();
    }
    printer.powerCycle();
    printer.tearOff();
    await using client = await connect(printer);
    const next = printer.nextPage();

    client.send(job);

    expect((await next).dots).toEqual(pictureDots);
  });
});

describe('a printer that is closed', () => {
  test('ends its hosts and whoever waits for a page', async () => {
    const printer = await start();
    await using client = await connect(printer);
    client.send(askPrinter);
    await client.answer(1);
    const next = printer.nextPage();
    const failed = expect(next).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));

    await printer.close();

    await failed;
    await client.closed;
    await printer.close();
  });

  test('gives the paper that hangs out as its last page', async () => {
    const ends: string[] = [];
    {
      await using printer = await start({ onPage: ({ end }) => ends.push(end) });
      await using client = await connect(printer);
      client.send(picture, askPrinter);
      await client.answer(1);
    }

    expect(ends).toEqual(['tornOff']);
  });

  test('stops waiting for a page by a signal', async () => {
    await using printer = await start();

    const next = printer.nextPage({ signal: AbortSignal.abort() });

    await expect(next).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });

  test('was never opened where its port is taken', async () => {
    await using printer = await start();

    const second = start({ tcpPort: printer.tcpPort });

    await expect(second).rejects.toThrow(/EADDRINUSE/);
  });
});

describe('faults', () => {
  test('paper out: stops, tells, and completes the job when there is paper', async () => {
    await using printer = await start();
    await using client = await connect(printer);
    printer.fault({ kind: 'paperOut', afterRows: 2 });

    client.send(bytesOf(GS, 'a', 0x08), picture, fullCut, processId('J001'));
    const told = await client.answer(8);
    client.send(askPaper);
    const asked = await client.answer(1);
    printer.clearFaults();
    const after = await client.answer(11);

    expect(told).toBe('1000000f18000f0f');
    expect(asked).toBe('7e');
    expect(after).toBe(`1000000f${hex(completionOf('J001'))}`);
  });

  test('cover open: prints nothing until it is closed', async () => {
    await using printer = await start();
    await using client = await connect(printer);
    printer.fault({ kind: 'coverOpen' });

    client.send(job, askPrinter);
    const asked = await client.answer(1);
    const pagesBefore = printer.report.pages;
    printer.clearFaults();
    const after = await client.answer(7);

    expect({ asked, pagesBefore, after }).toEqual({
      asked: '1a',
      pagesBefore: 0,
      after: hex(completionOf('J001')),
    });
  });

  test('mute: prints and never answers', async () => {
    await using printer = await start();
    await using client = await connect(printer);
    printer.fault({ kind: 'mute' });
    const next = printer.nextPage();

    client.send(job, askPrinter, bytesOf(GS, 'a', 0xff));
    const answers = await client.end();

    expect(answers).toBe('');
    expect((await next).dots).toEqual(pictureDots);
  });

  test('slow: prints the same', async () => {
    await using printer = await start();
    await using client = await connect(printer);
    printer.fault({ kind: 'slow', bytesPerSecond: 400 });
    const next = printer.nextPage();

    client.send(job);

    expect(await client.answer(7)).toBe(hex(completionOf('J001')));
    expect((await next).dots).toEqual(pictureDots);
  });

  test('slow: passes some bytes at least', async () => {
    await using printer = await start();

    expect(() => printer.fault({ kind: 'slow', bytesPerSecond: 0 })).toThrow(RangeError);
  });

  test('cut connection: breaks after exactly so many bytes, which are printed', async () => {
    await using printer = await start();
    await using client = await connect(printer);
    printer.fault({ kind: 'cutConnection', afterBytes: initialise.length + 8 + 4 });
    const next = printer.nextPage();

    client.send(job);
    await client.closed;
    printer.tearOff();
    const page = await next;

    expect(page.dots).toEqual(pictureDots.slice(0, 4));
    expect(page.raw).toEqual(job.slice(0, initialise.length + 8 + 4));
    expect(printer.report.receivedBytes).toBe(initialise.length + 8 + 4);
  });

  test('lost bytes: the rest of the picture is shifted', async () => {
    await using printer = await start();
    await using client = await connect(printer);
    printer.fault({ kind: 'loseBytes', afterBytes: initialise.length + 8 + 1, count: 1 });
    const next = printer.nextPage();

    client.send(initialise, picture, bytesOf(0x18), fullCut);

    expect((await next).dots).toEqual(bytesOf([0xff, 0x81, 0, 0xff, 0, 0x18]));
  });

  test('a receive buffer that is full holds back even DLE EOT', async () => {
    await using printer = await start({ receiveBufferSize: 100 });
    await using client = await connect(printer);
    printer.fault({ kind: 'paperOut', afterRows: 1 });
    const rows = Array.from({ length: 200 }, () => [1, 2]);
    let receivedMeanwhile = 0;
    printer.on('status', ({ paper }) => {
      if (paper !== 'out') return;
      setImmediate(() => {
        receivedMeanwhile = printer.report.receivedBytes;
        printer.clearFaults();
      });
    });

    client.send(raster(0, rows), askPaper);
    const answer = await client.answer(1);

    expect(answer).toBe('12');
    expect(receivedMeanwhile).toBeLessThanOrEqual(200);
  });
});

describe('pages as files', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'printer-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test('are there when the job is answered', async () => {
    const outputDirectory = join(directory, 'new', 'pages');
    await using printer = await start({ outputDirectory });
    await using client = await connect(printer);
    const next = printer.nextPage();

    client.send(job);
    await client.answer(7);
    const names = readdirSync(outputDirectory).sort();
    const { png, files } = await next;

    expect(names).toEqual(['page-0001.escpos', 'page-0001.png']);
    expect(files?.png).toBe(join(outputDirectory, 'page-0001.png'));
    expect(readFileSync(files?.png ?? '')).toEqual(Buffer.from(png));
    expect(readFileSync(files?.stream ?? '')).toEqual(
      Buffer.from(job.subarray(0, -processId('J001').length)),
    );
  });

  test('are numbered on from those that are there', async () => {
    writeFileSync(join(directory, 'page-0041.png'), '');
    await using printer = await start({ outputDirectory: directory });
    await using client = await connect(printer);

    client.send(job, job);
    await client.answer(14);

    expect(readdirSync(directory)).toContain('page-0042.escpos');
    expect(readdirSync(directory)).toContain('page-0043.png');
  });
});
