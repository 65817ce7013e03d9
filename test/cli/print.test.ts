/** `tessera print`: each piece is charged once, and not at all where nothing can come of it (requirements.md B3, F6). */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { scanSymbols } from '#authority/scan/scan';
import { startVirtualPrinter, type VirtualPrinter } from '#emulator/printer/virtual-printer';
import { addDays, dateOf } from '#protocol/documents/date';
import { cli, cliDone, type MeterAtHand, openWorld, type World } from '#test/support/cli';
import { temporaryFolder } from '#test/support/temporary-folder';
import { openLossyLine } from './lossy-line.ts';

let world: World;
let meter: MeterAtHand;
let printer: VirtualPrinter;
/** The registers before a test: each begins where the one before ended. */
let before: Registers;

interface Registers {
  readonly ascendingMills: number;
  readonly descendingMills: number;
  readonly pieceCount: number;
}

beforeAll(async () => {
  world = await openWorld();
  meter = await world.refilledMeter();
  printer = await startVirtualPrinter();
});
afterAll(async () => {
  await printer.close();
  await world[Symbol.asyncDispose]();
  expect(world.faults).toEqual([]);
});
beforeEach(async () => {
  before = await registers();
});
afterEach(() => printer.clearFaults());

/** As everybody can ask for them. */
async function registers(): Promise<Registers> {
  const { figures } = await cliDone('--home', meter.home, 'meter', 'status');
  const { ascendingMills, descendingMills, pieceCount } = figures('status');
  return { ascendingMills, descendingMills, pieceCount } as Registers;
}

/** What they are when so many pieces of 0.780 were charged since. */
const having = (pieces: number, mills = 780 * pieces): Registers => ({
  ascendingMills: before.ascendingMills + mills,
  descendingMills: before.descendingMills - mills,
  pieceCount: before.pieceCount + pieces,
});

const print = (...options: readonly string[]) =>
  cli('print', '--postage', '0.78', '--service', '1', ...meter.asUser, ...options);
const toPrinter = () => ['--printer', printer.address, '--profile', 'epson-80mm'];

test('a label is charged, printed, and left as files; the printer gets what is in the file', async () => {
  const out = join(temporaryFolder(), 'a', 'b');
  const page = printer.nextPage();

  const { exitCode, figures } = await print('--to', '20260-1234', '--out', out, ...toPrinter());

  expect(exitCode).toBe(0);
  expect(figures('printed')).toMatchObject({
    ...having(1),
    postageMills: 780,
    outcome: 'confirmed',
    isCharged: true,
  });
  expect(await registers()).toEqual(having(1));
  expect(readdirSync(out).sort()).toEqual(['indicium.bin', 'label.escpos', 'label.png']);
  const indicium = readFileSync(join(out, 'indicium.bin'));
  expect(indicium).toEqual(Buffer.from(figures('printed')['indicium'] as Uint8Array));
  for (const picture of [readFileSync(join(out, 'label.png')), (await page).png])
    expect((await scanSymbols(picture)).map(({ bytes }) => Buffer.from(bytes))).toEqual([indicium]);
});

test('a printer that was given once is remembered with its profile', async () => {
  await print(...toPrinter());
  const page = printer.nextPage();

  const { figures } = await print();

  expect(figures('printed')).toMatchObject({
    outcome: 'confirmed',
    pieceCount: before.pieceCount + 2,
  });
  expect((await page).png.length).toBeGreaterThan(0);
});

describe('nothing is charged', () => {
  test('for a specimen, which has no value', async () => {
    const out = temporaryFolder();

    const { exitCode, figures } = await print('--preview', '--out', out);

    expect(exitCode).toBe(0);
    expect(figures('specimen')).toMatchObject({ directory: out });
    expect(readdirSync(out).sort()).toEqual(['specimen.png', 'specimen.svg']);
    expect(await registers()).toEqual(before);
  });

  test('where the printer is gone', async () => {
    const { exitCode, error } = await print('--printer', 'tcp:127.0.0.1:9');

    expect(exitCode).toBe(1);
    expect(error).toMatchObject({ error: 'unreachable' });
    expect(error?.['message']).toContain('See whether the printer is on');
    expect(await registers()).toEqual(before);
  });

  test.each([
    ['coverOpen', () => printer.fault({ kind: 'coverOpen' }), 'Close the cover of the printer.'],
    ['paperOut', () => printer.setStatus({ paper: 'out' }), 'Put in paper.'],
    ['cutterJammed', () => printer.setStatus({ error: 'cutter' }), 'Clear the cutter'],
  ])('where the printer says that it is not ready: %s', async (reason, prepare, advice) => {
    prepare();

    const { exitCode, error } = await print(...toPrinter());

    expect(exitCode).toBe(1);
    expect(error).toMatchObject({ error: reason, message: expect.stringContaining(advice) });
    expect(error?.['message']).toContain('nothing was charged');
    expect(await registers()).toEqual(before);
  });

  test.each<[string, readonly string[], string]>([
    ['no rate of the service', ['--postage', '0.79'], 'postageNotRate'],
    ['a service that is not sold', ['--service', '77'], 'serviceUnknown'],
    ['more than the most', ['--service', '100', '--postage', '100.001'], 'postageAboveMaximum'],
    ['less than the least', ['--service', '100', '--postage', '0.159'], 'postageBelowMinimum'],
    ['more than there is', ['--service', '100', '--postage', '99.999'], 'insufficientFunds'],
    ['a date of the past', ['--date', '20200101'], 'dateNotAllowed'],
    ['a date too far ahead', ['--date', '+31'], 'dateNotAllowed'],
  ])('for what the meter refuses: %s', async (_, options, reason) => {
    const out = join(temporaryFolder(), 'out');

    const { exitCode, error } = await print('--out', out, ...options);

    expect(exitCode).toBe(1);
    expect(error).toMatchObject({ error: reason, remedy: expect.stringMatching(/^(act|final)$/) });
    expect(existsSync(out)).toBe(false);
    expect(await registers()).toEqual(before);
  });

  test('with a wrong password, which the key file refuses before the meter is asked', async () => {
    const { exitCode, error } = await print(
      ...['--out', temporaryFolder(), '--password-file', world.passwordFiles.cryptoOfficer],
    );

    expect(exitCode).toBe(1);
    expect(error).toMatchObject({ error: 'passwordWrong' });
    expect(await registers()).toEqual(before);
  });

  test('from a home without a key file', async () => {
    const home = temporaryFolder();

    const { exitCode, error } = await print(
      ...['--out', temporaryFolder(), '--home', home, '--port', meter.port],
    );

    expect(exitCode).toBe(1);
    expect(error).toMatchObject({ error: 'missing' });
    expect(error?.['message']).toContain(join(home, 'user.key'));
  });

  test('by a meter that is another than the one of the key file', async () => {
    const { addresses } = await world.blankDevice();

    const { exitCode, error } = await print(
      ...['--out', temporaryFolder(), '--port', addresses.tcp as string],
    );

    expect(exitCode).toBe(1);
    expect(error).toMatchObject({ error: 'authenticationFailed', remedy: 'final' });
  });

  test('where the journal of pieces is damaged: what was paid before is not forgotten silently', async () => {
    const other = await world.refilledMeter();
    const journal = join(other.home, 'pieces.journal');
    writeFileSync(journal, 'damaged\n');

    const { exitCode, error } = await cli(
      ...['print', '--postage', '1', '--out', temporaryFolder(), ...other.asUser],
    );

    expect(exitCode).toBe(1);
    expect(error).toMatchObject({ error: 'journal' });
    expect(readFileSync(journal, 'utf8')).toBe('damaged\n');
  });
});

test('paper that runs out in the middle of a label is told at once, and not when its time is over', async () => {
  printer.fault({ kind: 'paperOut', afterRows: 100 });
  const startMs = performance.now();

  const { exitCode, error } = await print('--reference', 'end of the roll', ...toPrinter());
  const durationMs = performance.now() - startMs;
  printer.powerCycle();
  printer.tearOff();

  expect(exitCode).toBe(1);
  expect(error).toMatchObject({
    error: 'paperOut',
    advice: expect.stringContaining('is paid and kept'),
  });
  expect(durationMs).toBeLessThan(15_000);
  expect(await registers()).toEqual(having(1));
});

describe('a piece that was paid and not printed', () => {
  test('is printed again under its reference: the same indicium, without another charge', async () => {
    const out = temporaryFolder();
    printer.fault({ kind: 'cutConnection', afterBytes: 5_000 });
    const first = await print('--reference', 'letter 7', '--out', out, ...toPrinter());
    expect(first).toMatchObject({ exitCode: 1, error: { error: 'connectionLost' } });
    expect(first.error?.['message']).toContain('Part of the label may be on paper: look.');
    expect(first.error?.['advice']).toContain('is paid and kept');
    expect(first.error?.['advice']).toContain('print --reprint "letter 7"');
    expect(await registers()).toEqual(having(1));
    const paid = readFileSync(join(out, 'indicium.bin'));
    printer.powerCycle();
    printer.tearOff();
    const received = printer.report.receivedBytes;

    const again = await print('--reference', 'letter 7', ...toPrinter());

    expect(again).toMatchObject({ exitCode: 1, error: { error: 'maybePrinted' } });
    expect(printer.report.receivedBytes - received).toBeLessThan(100); // questions, and no label
    const listed = await cliDone('--home', meter.home, 'printed');
    expect(listed.figures('piece')).toMatchObject({ reference: 'letter 7', paper: 'sending' });

    const page = printer.nextPage();
    const { exitCode, figures } = await print('--reprint', 'letter 7', ...toPrinter());

    expect(exitCode).toBe(0);
    expect(figures('printed')).toMatchObject({
      isCharged: false,
      isReprint: true,
      outcome: 'confirmed',
    });
    const settled = await cliDone('--home', meter.home, 'printed', 'letter 7');
    expect(settled.figures('piece')).toMatchObject({ paper: 'confirmed', reprints: 1 });
    expect(Buffer.from(figures('printed')['indicium'] as Uint8Array)).toEqual(paid);
    const [symbol] = await scanSymbols((await page).png);
    expect(Buffer.from(symbol?.bytes ?? [])).toEqual(paid);
    expect(await registers()).toEqual(having(1));
  });

  test('keeps its date, on whatever day it is printed again', async () => {
    const tomorrow = addDays(dateOf(Date.now()), 1);
    const out = ['--out', temporaryFolder()];
    const first = await print(...out, '--reference', 'letter 9', '--date', String(tomorrow));

    const twice = await print(...out, '--reference', 'letter 9');
    const again = await print(...out, '--reprint', 'letter 9');

    expect(twice).toMatchObject({ exitCode: 1, error: { error: 'alreadyPrinted' } });
    expect(again.exitCode).toBe(0);
    expect(again.figures('printed')['indicium']).toEqual(first.figures('printed')['indicium']);
    expect(await registers()).toEqual(having(1));
  });

  test('does not lend its reference to another piece', async () => {
    const out = ['--out', temporaryFolder(), '--reference', 'letter 10'];
    await print(...out);

    const { exitCode, error } = await print(...out, '--to', '20260');

    expect(exitCode).toBe(1);
    expect(error?.['message']).toContain('this reference was used for another piece');
    expect(await registers()).toEqual(having(1));
  });
});

describe('a line to the meter that breaks while it charges', () => {
  // the messages are: reset; two of the handshake, log-in, registers, charge
  test.each([
    { message: 5, loses: 'answer', charged: 0 },
    { message: 6, loses: 'request', charged: 0 },
    { message: 6, loses: 'answer', charged: 1 },
  ] as const)('at message $message, $loses lost: paid once', async ({ charged, ...at }) => {
    const out = ['--out', temporaryFolder(), '--reference', `${at.message} ${at.loses}`];
    await using line = await openLossyLine(meter.port, at);
    const first = await print(...out, '--port', line.port);
    expect(first).toMatchObject({ exitCode: 1, error: { error: 'link' } });
    expect(await registers()).toEqual(having(charged));

    const { exitCode } = await print(...out);

    expect(exitCode).toBe(0);
    expect(await registers()).toEqual(having(1));
  });

  test('and another piece is printed next: the first is finished before it, each is paid once', async () => {
    await using line = await openLossyLine(meter.port, { message: 6, loses: 'answer' });
    const out = ['--out', temporaryFolder()];
    await print(...out, '--reference', 'first', '--port', line.port);

    const { exitCode, said } = await print(...out, '--reference', 'second');

    expect(exitCode).toBe(0);
    expect(said).toMatchObject([
      { event: 'resumed', reference: 'first', state: 'issued' },
      { event: 'printed', reference: 'second', pieceCount: before.pieceCount + 2 },
    ]);
    expect(await registers()).toEqual(having(2));
  });
});
