/**
 * What `tessera print` prints besides plain postage: by weight, corrections, redates, reprints, test and quality prints, and
 * what it asks a confirmation for (requirements.md C5, C6; domain.md R8, R31-R37).
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { scanSymbols } from '#authority/scan/scan';
import { startVirtualPrinter, type VirtualPrinter } from '#emulator/printer/virtual-printer';
import { addDays, dateOf } from '#protocol/documents/date';
import { readIndicium } from '#protocol/documents/indicium';
import { mills } from '#protocol/mills';
import {
  cli,
  cliDone,
  type Ended,
  type MeterAtHand,
  openWorld,
  registration,
  type World,
} from '#test/support/cli';
import { temporaryFolder } from '#test/support/temporary-folder';

let world: World;
let meter: MeterAtHand;
let printer: VirtualPrinter;
let before: { readonly ascendingMills: number; readonly pieceCount: number };
const today = dateOf(Date.now());

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

async function registers() {
  const { figures } = await cliDone('--home', meter.home, 'meter', 'status');
  const { ascendingMills, pieceCount } = figures('status') as Record<string, unknown>;
  return { ascendingMills, pieceCount } as typeof before;
}

const print = (...options: readonly string[]) =>
  cli('print', ...meter.asUser, '--out', temporaryFolder(), ...options);
const price = (...options: readonly string[]) => cli('price', ...meter.asUser, ...options);
const indiciumIn = (ended: Ended) => {
  const read = readIndicium(ended.figures('printed')['indicium'] as Uint8Array);
  if (!read.ok) throw new Error(read.status);
  return read.value;
};
const log = async () => (await cliDone('meter', 'log', ...meter.asUser)).said;

describe('the amount', () => {
  test.each<[readonly string[], number]>([
    [['--service', '1'], 780],
    [['--service', '30', '--weight', '28.349'], 780],
    [['--service', '30', '--weight', '1oz'], 780],
    [['--service', '30', '--weight', '28.351'], 1_070],
    [['--service', '30', '--sheets', '4'], 780],
    [['--service', '30', '--sheets', '5'], 1_070],
    [['--service', '30', '--sheets', '5', '--sheet-weight', '4', '--envelope-weight', '6'], 780],
    [['--service', '40', '--weight', '200', '--zone', '2'], 6_400],
    [['--service', '1', '--extra', '200,201'], 780 + 4_850 + 2_620],
    [['--service', '1', '--extra', '200', '--extra', '201'], 780 + 4_850 + 2_620],
  ])('of %j follows from the rates, is what price tells, and is charged', async (piece, amount) => {
    const told = await price(...piece);
    const printed = await print(...piece);

    expect(told.figures('price')).toMatchObject({ postageMills: amount, rateVersion: 1 });
    expect(printed.figures('printed')).toMatchObject({ postageMills: amount });
    expect((await registers()).ascendingMills).toBe(before.ascendingMills + amount);
  });

  test.each<[readonly string[], number, string]>([
    [['--service', '30'], 1, 'weightInvalid'],
    [['--service', '30', '--weight', '100'], 1, 'weightInvalid'],
    [['--service', '40', '--weight', '1', '--zone', '9'], 1, 'zoneInvalid'],
    [['--service', '77'], 1, 'serviceUnknown'],
    [['--service', '200'], 1, 'serviceUnknown'],
    [['--service', '100'], 2, 'usage'],
    [['--service', '30', '--weight', '1', '--sheets', '1'], 2, 'usage'],
  ])('of %j there is none: exit code %i, %s', async (piece, exitCode, reason) => {
    for (const ended of [await price(...piece), await print(...piece)]) {
      expect(ended.exitCode).toBe(exitCode);
      expect(ended.error).toMatchObject({ error: reason });
    }
    expect(await registers()).toEqual(before);
  });

  test('of every service is listed', async () => {
    const { said, figures } = await price('--list');

    expect(said.filter(({ event }) => event === 'rate').length).toBeGreaterThan(8);
    expect(said).toContainEqual(
      expect.objectContaining({ serviceId: 30, kind: 'weighed', minimumMills: 780 }),
    );
    expect(figures('rates')).toMatchObject({ rateVersion: 1 });
  });

  test('of a specimen follows from the rates too, and nothing is charged', async () => {
    const out = temporaryFolder();

    await cliDone(
      'print',
      ...meter.asUser,
      '--preview',
      '--service',
      '30',
      '--weight',
      '50',
      '--out',
      out,
    );

    const [symbol] = await scanSymbols(readFileSync(join(out, 'specimen.png')));
    const read = readIndicium(symbol?.bytes ?? new Uint8Array());
    expect(read.ok && read.value.postage).toBe(1_070);
    expect(await registers()).toEqual(before);
  });
});

describe('a correction', () => {
  test('is charged for itself, says what it is, and is on record in the meter', async () => {
    const first = indiciumIn(await print('--service', '1', '--reference', 'too little'));

    const printed = await print(
      ...['--kind', 'correction', '--original', 'too little', '--postage', '0.29'],
    );

    const { flags, postage, serviceId, pieceCount } = indiciumIn(printed);
    expect({ correction: flags.correction, postage, serviceId }).toEqual({
      correction: true,
      postage: 290,
      serviceId: 1,
    });
    expect(printed.figures('printed')).toMatchObject({ kind: 'correction' });
    expect((await log()).at(-1)).toMatchObject({
      what: 'corrected',
      a: 290,
      b: pieceCount,
      c: first.pieceCount,
    });
  });

  test.each<[string, readonly string[], number]>([
    ['without the piece', ['--postage', '0.29'], 2],
    ['without an amount', ['--original', '1'], 2],
    ['of a piece that is none', ['--original', '4000000', '--postage', '0.29'], 1],
    ['of a reference that is none', ['--original', 'nobody', '--postage', '0.29'], 1],
  ])('%s is refused', async (_, options, exitCode) => {
    const ended = await print('--kind', 'correction', '--service', '1', ...options);

    expect(ended.exitCode).toBe(exitCode);
    expect(await registers()).toEqual(before);
  });
});

describe('a redate', () => {
  test('costs nothing, once, for a later date', async () => {
    const first = indiciumIn(await print('--service', '1', '--reference', 'not today'));
    const redate = (...options: readonly string[]) =>
      print('--kind', 'redate', '--original', String(first.pieceCount), ...options);

    const printed = await redate('--date', '+3');
    const again = await redate('--date', '+4');

    const { flags, postage, mailingDate } = indiciumIn(printed);
    expect([flags.redate, postage, mailingDate]).toEqual([true, 0, addDays(today, 3)]);
    expect(again.error).toMatchObject({ error: 'redatedAlready' });
    expect(await registers()).toMatchObject({
      ascendingMills: before.ascendingMills + 780,
      pieceCount: before.pieceCount + 2,
    });
  });
});

describe('a reprint', () => {
  test('is the very same indicium, marked beside its symbol, and on record in the meter', async () => {
    const out = temporaryFolder();
    const first = await print('--service', '1', '--reference', 'torn', '--out', out);

    const again = await cli('print', ...meter.asUser, '--reprint', 'torn', '--out', `${out}/again`);

    const { pieceCount } = indiciumIn(first);
    expect(again.figures('printed')).toMatchObject({ isCharged: false, isReprint: true });
    expect(again.figures('printed')['indicium']).toEqual(first.figures('printed')['indicium']);
    const labels = [out, `${out}/again`].map((each) => readFileSync(join(each, 'label.png')));
    expect(labels[0]).not.toEqual(labels[1]);
    for (const label of labels)
      expect((await scanSymbols(label))[0]?.bytes).toEqual(first.figures('printed')['indicium']);
    expect((await log()).at(-1)).toMatchObject({ what: 'reprinted', b: pieceCount });
    expect((await registers()).pieceCount).toBe(before.pieceCount + 1);
  });

  test('of a piece that is not on record is none', async () => {
    const { exitCode, error } = await print('--reprint', 'nobody');

    expect(exitCode).toBe(1);
    expect(error).toMatchObject({ error: 'journal' });
  });
});

describe('a void print', () => {
  test.each([
    ['--test', false],
    ['--quality', true],
  ])(
    '%s has no value and no signature, and VOID over its symbol',
    async (option, isQualityPrint) => {
      const out = temporaryFolder();
      const page = printer.nextPage();
      const records = (await log()).length;

      const ended = await cli(
        ...['print', ...meter.asUser, option, '--out', out],
        ...['--printer', printer.address, '--profile', 'epson-80mm'],
      );

      const bytes = ended.figures('testPrinted')['indicium'] as Uint8Array;
      const read = readIndicium(bytes);
      expect(ended.exitCode).toBe(0);
      expect(ended.figures('testPrinted')).toMatchObject({ isQualityPrint, outcome: 'confirmed' });
      expect(read.ok && [read.value.postage, read.value.flags.test]).toEqual([mills(0), true]);
      expect(bytes.subarray(64)).toEqual(new Uint8Array(64));
      expect((await page).png.length).toBeGreaterThan(0);
      expect(readdirSync(out).sort()).toEqual(['indicium.bin', 'label.escpos', 'label.png']);
      expect(await registers()).toEqual(before);
      expect((await log()).length).toBe(records + (isQualityPrint ? 1 : 0));
    },
  );

  test('is not asked for together with another kind', async () => {
    expect((await print('--test', '--quality')).exitCode).toBe(2);
    expect((await print('--test', '--reprint', 'torn')).exitCode).toBe(2);
  });
});

describe('the date of mailing', () => {
  test('is a later working day behind the cut-off, which is remembered', async () => {
    const late = indiciumIn(await print('--service', '1', '--cut-off', '0:00'));
    const remembered = indiciumIn(await print('--service', '1'));
    const explicit = indiciumIn(await print('--service', '1', '--date', 'today'));
    const early = indiciumIn(await print('--service', '1', '--cut-off', '24:00'));

    expect(late.mailingDate).toBeGreaterThan(today);
    expect(remembered.mailingDate).toBe(late.mailingDate);
    expect(explicit.mailingDate).toBe(today);
    expect(early.mailingDate).toBeLessThan(late.mailingDate);
  });
});

describe('a high value', () => {
  test('is charged only where it is meant, and low funds are a warning', async () => {
    const officer = ['--home', meter.home, '--password-file', world.passwordFiles.cryptoOfficer];
    const limits = ['--high-value', '10', '--low-funds', '5000'];
    await cliDone('meter', 'register', ...officer, ...registration(world), ...limits);
    const piece = ['--service', '100', '--postage', '10'];

    const refused = await print(...piece, '--reference', 'dear');
    const confirmed = await print(...piece, '--reference', 'dear', '--confirm');

    expect(refused.error).toMatchObject({ error: 'confirmationNeeded', remedy: 'act' });
    expect(confirmed.figures('printed')).toMatchObject({ postageMills: 10_000, isCharged: true });
    expect(confirmed.said).toContainEqual({ event: 'warning', warning: 'lowFunds' });
    expect((await registers()).ascendingMills).toBe(before.ascendingMills + 10_000);
  });
});
