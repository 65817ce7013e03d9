/** A printer and its troubles: what is told, at which stage, and that nothing is ever sent twice (printing.md 5). */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createBitmap, fillRectangle } from '#driver/print/bitmap';
import { encodeEscpos } from '#driver/print/escpos';
import type { PrinterTimeouts } from '#driver/print/print-job';
import { openPrinter, type Printer } from '#driver/print/printer';
import { readAnswers } from '#driver/print/printer-answers';
import { PrinterError } from '#driver/print/printer-error';
import { type PrinterProfile, printerProfiles } from '#driver/print/printer-profile';
import { readStatus } from '#driver/print/printer-status';
import { failureOf } from '#test/support/settle';
import { temporaryFolder } from '#test/support/temporary-folder';
import { ready, type Script, scriptedPrinter } from './scripted-printer.ts';

const plain = printerProfiles['escpos-80mm'];
const confirming = printerProfiles['epson-80mm'];

const picture = createBitmap(576, 300);
fillRectangle(picture, { x: 4, y: 4, width: 500, height: 280 });
const jobId = '0042';
const job = encodeEscpos(picture, confirming, { jobId });

/** Short where a test waits for what does not come, long where it does. */
const timeouts: PrinterTimeouts = {
  connectMs: 5_000,
  statusMs: 5_000,
  stallMs: 5_000,
  confirmMs: 5_000,
  watchMs: 20,
};

async function open(
  script: Script,
  profile: PrinterProfile = confirming,
  shorter: Partial<PrinterTimeouts> = {},
) {
  const server = await scriptedPrinter(script);
  const printer = await openPrinter(server.url, profile, { timeouts: { ...timeouts, ...shorter } });
  onTestFinished(() => printer.close());
  return { printer, server };
}

/** `problem, stage` of the error that the work ends in. */
async function troubleOf(work: Promise<unknown>): Promise<string> {
  const error = await failureOf(work);
  if (!(error instanceof PrinterError)) throw error;
  expect(error.advice).not.toBe('');
  expect(error.message).toContain(error.advice);
  return `${error.problem}, ${error.stage}`;
}

describe('a job', () => {
  test('is confirmed where the printer says that it is on paper', async () => {
    const { printer, server } = await open({ status: ready, isConfirming: true });

    expect(await printer.print(job, { jobId })).toBe('confirmed');
    expect(server.received()).toEqual(Buffer.from(job));
  });

  test('is only sent where the printer confirms nothing', async () => {
    const { printer, server } = await open({ status: ready }, plain);

    expect(await printer.print(job)).toBe('sent');
    await printer.close();
    await expect.poll(() => server.received()).toEqual(Buffer.from(job));
  });

  test('is only sent where a printer that should confirm it stays silent, and says it is well', async () => {
    const { printer } = await open({ status: ready }, confirming, { confirmMs: 50 });

    expect(await printer.print(job, { jobId })).toBe('sent');
  });

  test('the confirmation of another job does not count', async () => {
    const { printer } = await open({ status: ready, isConfirming: true }, confirming, {
      confirmMs: 50,
    });

    expect(await printer.print(job, { jobId: '0043' })).toBe('sent');
  });

  test('may follow another one on the same connection', async () => {
    const { printer, server } = await open({ status: ready, isConfirming: true });

    const outcomes = [await printer.print(job, { jobId }), await printer.print(job, { jobId })];

    expect(outcomes).toEqual(['confirmed', 'confirmed']);
    expect(server.received().length).toBe(2 * job.length);
    expect(server.connections).toBe(1);
  });

  test('waits for nobody: a second one at the same time is refused', async () => {
    const { printer, server } = await open({ status: ready, isConfirming: true });

    const first = printer.print(job, { jobId });

    expect(await troubleOf(printer.print(job, { jobId }))).toBe('busy, before first byte');
    expect(await troubleOf(printer.status())).toBe('busy, before first byte');
    expect(await first).toBe('confirmed');
    expect(server.received().length).toBe(job.length);
  });
});

describe('before the first byte', () => {
  test.each<[string, readonly [number, number, number, number], string]>([
    ['the cover is open', [0x1a, 0x16, 0x12, 0x12], 'coverOpen'],
    ['there is no paper', [0x1a, 0x32, 0x12, 0x72], 'paperOut'],
    ['the cutter is jammed', [0x1a, 0x52, 0x1a, 0x12], 'cutterJammed'],
    ['the printer has a fault', [0x1a, 0x52, 0x32, 0x12], 'fault'],
    ['the printer is offline', [0x1a, 0x12, 0x12, 0x12], 'offline'],
  ])('%s: nothing is sent', async (_, status, problem) => {
    const { printer, server } = await open({ status });

    expect(await troubleOf(printer.print(job))).toBe(`${problem}, before first byte`);
    expect(server.received().length).toBe(0);
  });

  test('a caller may give up', async () => {
    const { printer, server } = await open({ status: ready });
    const reason = new Error('not today');

    expect(await failureOf(printer.print(job, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    const asking = new AbortController();
    const work = failureOf(printer.print(job, { signal: asking.signal }));
    asking.abort(reason);
    expect(await work).toBe(reason);
    expect(server.received().length).toBe(0);
  });

  test('the printer may be gone already', async () => {
    const { printer, server } = await open({ status: ready, hangUpAt: 1 });
    await failureOf(printer.print(job, { jobId }));
    const got = server.received().length;

    expect(await troubleOf(printer.print(job, { jobId }))).toBe(
      'connectionLost, before first byte',
    );
    expect(server.received().length).toBe(got);
  });
});

describe('after the first byte', () => {
  test.each<[string, Script, Partial<PrinterTimeouts>, string]>([
    ['the connection is cut in the middle', { hangUpAt: 5_000 }, {}, 'connectionLost'],
    ['the printer takes no more', { stallAt: 1 }, { stallMs: 200 }, 'timeOut'],
    [
      'the paper runs out',
      { statusAfter: [0x1a, 0x32, 0x12, 0x72] },
      { confirmMs: 50 },
      'paperOut',
    ],
    [
      'the cover is opened',
      { statusAfter: [0x1a, 0x16, 0x12, 0x12] },
      { confirmMs: 50 },
      'coverOpen',
    ],
  ])('%s: it is told, and nothing is sent again', async (_, script, shorter, problem) => {
    const long = new Uint8Array(64 * 1024 * 1024); // more than the buffers between the two take
    const bytes = script.stallAt === undefined ? job : long;
    const { printer, server } = await open({ status: ready, ...script }, confirming, shorter);

    expect(await troubleOf(printer.print(bytes, { jobId }))).toBe(`${problem}, after first byte`);
    expect(server.connections).toBe(1);
    expect(server.received().length).toBeLessThanOrEqual(bytes.length);
  });

  test.each<[string, Script['statusAfter'], string]>([
    ['without paper', [0x1a, 0x32, 0x12, 0x72], 'paperOut'],
    ['with its cover open', [0x1a, 0x16, 0x12, 0x12], 'coverOpen'],
  ])(
    'a printer %s is found out at once, long before its time is over',
    async (_, after, problem) => {
      const script = { status: ready, ...(after && { statusAfter: after }) };
      const { printer } = await open(script, confirming, { confirmMs: 1_000_000 });

      expect(await troubleOf(printer.print(job, { jobId }))).toBe(`${problem}, after first byte`);
    },
  );

  test('one answer that speaks of trouble, and none behind it, is no trouble', async () => {
    const { printer } = await open(
      { status: ready, statusOnceAfter: [0x1a, 0x32, 0x12, 0x72] },
      confirming,
      { confirmMs: 300 },
    );

    expect(await printer.print(job, { jobId })).toBe('sent');
  });

  test('the error says to look at the paper first', async () => {
    const { printer } = await open({ status: ready, hangUpAt: 5_000 });

    expect(String(await failureOf(printer.print(job, { jobId })))).toContain('on paper: look');
  });

  test('a caller cannot stop it any more', async () => {
    const stop = new AbortController();
    const { printer } = await open({
      status: ready,
      isConfirming: true,
      onFirstByte: () => stop.abort(),
    });

    const outcome = await printer.print(job, { jobId, signal: stop.signal });

    expect(stop.signal.aborted).toBe(true);
    expect(outcome).toBe('confirmed');
  });
});

describe('what a printer says while it works', () => {
  const said = (text: string) => readAnswers(Uint8Array.from(Buffer.from(text, 'latin1')));

  test('digits of a job are no answers about the state', () => {
    expect(said('7"2222\0')).toEqual({ jobs: ['2222'], states: [] });
    expect(said('\x127"0042\0\x72')).toEqual({ jobs: ['0042'], states: [0x12, 0x72] });
  });

  test.each([1, 2, 3, 6])('a confirmation of which %i bytes are there says nothing yet', (size) => {
    expect(said(`\x12${'7"2222\0'.slice(0, size)}`)).toEqual({ jobs: [], states: [0x12] });
  });

  test('what only begins like a confirmation is passed over', () => {
    expect(said('7"22222\x12')).toMatchObject({ jobs: [], states: expect.arrayContaining([0x12]) });
  });
});

describe('the state of a printer', () => {
  test.each<[string, Script['status'], string, readonly string[], boolean]>([
    ['well', ready, 'ready', [], false],
    ['low on paper', [0x12, 0x12, 0x12, 0x1e], 'ready', [], true],
    ['open', [0x1a, 0x16, 0x12, 0x12], 'blocked', ['coverOpen', 'offline'], false],
    ['mute', undefined, 'unknown', [], false],
    ['speaking another language', [0x00, 0xff, 0x80, 0x01], 'unknown', [], false],
  ])('%s', async (_, status, readiness, problems, isPaperLow) => {
    const script = status === undefined ? {} : { status };
    const { printer } = await open(script, plain, readiness === 'unknown' ? { statusMs: 50 } : {});

    expect(await printer.status()).toEqual({ readiness, problems, isPaperLow });
  });

  test('a mute printer is printed on, and nothing better than sent is claimed', async () => {
    const { printer, server } = await open({}, plain, { statusMs: 50 });

    expect(await printer.print(job)).toBe('sent');
    await expect.poll(() => server.received()).toEqual(Buffer.from(job));
  });

  test('every bit pattern is ready only where all four answers are well', () => {
    const answers = Array.from({ length: 256 }, (_, byte) => byte);
    const bad = [0x08, 0x64, 0x68, 0x60];

    for (const place of [0, 1, 2, 3])
      for (const byte of answers) {
        const status = [...ready] as [number, number, number, number];
        status[place] = byte;
        const { readiness } = readStatus(status);
        if ((byte & 0x93) !== 0x12) expect(readiness).toBe('unknown');
        if (readiness === 'ready') expect(byte & (bad[place] ?? 0xff)).toBe(0);
      }
  });
});

describe('a printer that cannot be opened', () => {
  const openUrl = (url: string): Promise<Printer> => openPrinter(url, plain, { timeouts });

  async function unusedPort(): Promise<number> {
    const server = createServer();
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, '127.0.0.1', resolve);
    await promise;
    const address = server.address();
    const closed = Promise.withResolvers<void>();
    server.close(() => closed.resolve());
    await closed.promise;
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  test('nobody listens', async () => {
    expect(await troubleOf(openUrl(`tcp:127.0.0.1:${await unusedPort()}`))).toBe(
      'unreachable, before first byte',
    );
  });

  test.each([
    ['a device that is not there is not made', 'file:/dev/tessera-no-such-printer'],
    ['a folder that is not there', 'file:/no-such-folder/label'],
    ['a serial port that is not there', 'serial:/dev/tessera-no-such-port'],
    ['a text that is no address', 'usb:1'],
    ['nothing', ''],
  ])('%s', async (_, url) => {
    expect(await troubleOf(openUrl(url))).toBe('unreachable, before first byte');
  });

  test('the caller gave up', async () => {
    const reason = new Error('not today');

    const work = openPrinter('tcp:127.0.0.1:9', plain, { signal: AbortSignal.abort(reason) });

    expect(await failureOf(work)).toBe(reason);
  });
});

describe('a file', () => {
  test('takes what a printer would get, and begins anew', async () => {
    const path = join(temporaryFolder(), 'label.escpos');

    for (let time = 0; time < 2; time++) {
      await using printer = await openPrinter(`file:${path}`, confirming);
      expect((await printer.status()).readiness).toBe('unknown');
      expect(await printer.print(job, { jobId })).toBe('sent');
    }

    expect(new Uint8Array(readFileSync(path))).toEqual(job);
  });

  test('a device that takes no byte is told after the first', async () => {
    await using printer = await openPrinter('file:/dev/full', plain);

    expect(await troubleOf(printer.print(job))).toBe('connectionLost, after first byte');
  });
});
