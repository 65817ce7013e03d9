/** `tessera batch`: a mailing list becomes labels, each charged once, whatever interrupts it (requirements.md C4, F6). */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { scanSymbols } from '#authority/scan/scan';
import { startVirtualPrinter, type VirtualPrinter } from '#emulator/printer/virtual-printer';
import { cli, cliDone, type MeterAtHand, openWorld, type World } from '#test/support/cli';
import { temporaryFolder } from '#test/support/temporary-folder';
import { repositoryRoot } from '#tools/sources';

let world: World;
let meter: MeterAtHand;
let printer: VirtualPrinter;

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
afterEach(() => {
  printer.powerCycle();
  printer.tearOff();
  printer.clearFaults();
});

const HEADER = 'reference,service,postage,destination,addressee';
const rowsOf = (pieces: number): string[] =>
  Array.from(
    { length: pieces },
    (_, at) => `letter ${at},1,0.78,20260-1234,A. Reader|1 Main Street`,
  );

/** A list in a new folder, and a place for the job beside it. */
function newJob(rows: readonly string[]): { job: string; list: string } {
  const folder = temporaryFolder();
  const list = join(folder, 'list.csv');
  writeFileSync(list, `${HEADER}\r\n${rows.join('\r\n')}\r\n`);
  return { job: join(folder, 'job'), list };
}

const toPrinter = () => ['--printer', printer.address, '--profile', 'epson-80mm'];
const run = (job: string, list: string, ...options: readonly string[]) =>
  cli('batch', 'run', job, '--list', list, ...meter.asUser, ...options);
const resume = (job: string, ...options: readonly string[]) =>
  cli('batch', 'resume', job, ...meter.asUser, ...options);

/** The same in a process of its own, which gets a signal when it tells of a piece. @returns its end and its last line */
async function signalledAt(reference: string, signal: NodeJS.Signals, ...argv: readonly string[]) {
  const main = join(repositoryRoot, 'cli/main.ts');
  const child = spawn(process.execPath, [main, '--json', 'batch', ...argv, ...meter.asUser], {
    env: { ...process.env, NODE_COMPILE_CACHE: join(repositoryRoot, 'build/compile-cache') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let last = '';
  for await (const line of createInterface(child.stdout)) {
    if (line.includes(`"${reference}"`)) child.kill(signal);
    last = line;
  }
  const [exitCode] = (await exited) as [number | null];
  return { exitCode, last };
}

async function pieceCount(): Promise<number> {
  const { figures } = await cliDone('--home', meter.home, 'meter', 'status');
  return figures('status')['pieceCount'] as number;
}

test('a list is printed label by label, and the manifest holds what the labels hold', async () => {
  const { job, list } = newJob(rowsOf(3));
  const pages: Uint8Array[] = [];
  const off = printer.on('page', ({ png }) => pages.push(png));

  const { exitCode, figures, said } = await run(job, list, ...toPrinter());
  off();

  expect(exitCode).toBe(0);
  expect(figures('funds')).toMatchObject({ toChargeMills: 2_340 });
  expect(figures('job')).toMatchObject({ pieces: 3, confirmed: 3, chargedMills: 2_340 });
  expect(figures('piece')).toMatchObject({ reference: 'letter 2', done: 3, pieces: 3 });
  expect(said.map(({ event }) => event)).toEqual(['funds', ...Array(6).fill('piece'), 'job']);
  const scanned = await Promise.all(pages.map(async (png) => (await scanSymbols(png))[0]?.bytes));
  const { said: rows } = await cliDone('batch', 'manifest', job);
  expect(rows.map(({ reference, state }) => [reference, state])).toEqual([
    ['letter 0', 'confirmed'],
    ['letter 1', 'confirmed'],
    ['letter 2', 'confirmed'],
  ]);
  expect(rows.map(({ indicium }) => indicium)).toEqual(scanned);
});

test('the manifest as a file is CSV, and never written over', async () => {
  const { job, list } = newJob(rowsOf(1));
  await run(job, list, '--no-print');
  const out = join(temporaryFolder(), 'manifest.csv');

  await cliDone('batch', 'manifest', job, '--out', out);

  const [header, row] = readFileSync(out, 'utf8').split('\r\n');
  expect(header).toMatch(/^reference,state,service,postage/);
  expect(row).toMatch(/^letter 0,issued,1,0\.780,202601234,\d{8},,0,,\d+,0,,54[0-9a-f]{254}$/);
  expect((await cli('batch', 'manifest', job, '--out', out)).exitCode).toBe(1);
});

test('a list with wrong rows is not taken: each is told, and nothing is charged', async () => {
  const before = await pieceCount();
  const { job, list } = newJob(['a,1,0.78,20260,', 'a,1,x,20260,', '"b,1,0.78,,']);

  const { exitCode, said, error } = await run(job, list, ...toPrinter());

  expect(exitCode).toBe(1);
  expect(error).toMatchObject({ error: 'listWrong' });
  expect(said.filter(({ event }) => event === 'problem').map(({ line }) => line)).toEqual([3, 4]);
  expect(existsSync(join(job, 'job.json'))).toBe(false);
  expect(await pieceCount()).toBe(before);
});

test('funds that do not reach are told before the first debit', async () => {
  const before = await pieceCount();
  const { job, list } = newJob(['a,100,90,,', 'b,100,90,,']);

  const { exitCode, said, error } = await run(job, list, '--no-print');

  expect(exitCode).toBe(1);
  expect(said[0]).toMatchObject({ event: 'funds', toChargeMills: 180_000 });
  expect(error).toMatchObject({ error: 'fundsShort' });
  expect(await pieceCount()).toBe(before);
});

test('pieces that the meter refuses are told and leave the others alone', async () => {
  const folder = temporaryFolder();
  const [job, list] = [join(folder, 'job'), join(folder, 'list.csv')];
  writeFileSync(list, 'reference,service,destination,mailing date\na,1,,20200101\nb,1,,\n');

  const { exitCode, figures, said } = await run(job, list, '--no-print');

  expect(exitCode).toBe(1);
  expect(said.find(({ state }) => state === 'refused')).toMatchObject({
    reference: 'a',
    reason: 'dateNotAllowed',
  });
  expect(figures('job')).toMatchObject({ refused: 1, issued: 1, chargedMills: 780 });
});

describe('prices', () => {
  /** A list of weighed pieces, without a word of postage. */
  function weighed(...rows: readonly string[]) {
    const folder = temporaryFolder();
    const list = join(folder, 'list.csv');
    writeFileSync(list, `reference,service,destination,weight,zone,extras\n${rows.join('\n')}\n`);
    return { job: join(folder, 'job'), list };
  }

  test('come from the rates of the meter, by weight, zone and extras', async () => {
    const { job, list } = weighed('a,30,,28.3,,', 'b,30,,50,,200|201', 'c,40,,200,3,');

    const { exitCode, figures } = await run(job, list, '--no-print');

    const total = 780 + (1_070 + 4_850 + 2_620) + 18_900;
    expect(exitCode).toBe(0);
    expect(figures('funds')).toMatchObject({ toChargeMills: total });
    expect(figures('job')).toMatchObject({ issued: 3, chargedMills: total });
    const { said: rows } = await cliDone('batch', 'manifest', job);
    expect(
      rows.map(({ postageMills, weightMg, zone, extras }) => [
        postageMills,
        weightMg,
        zone,
        extras,
      ]),
    ).toEqual([
      [780, 28_300, 0, []],
      [8_540, 50_000, 0, [200, 201]],
      [18_900, 200_000, 3, []],
    ]);
  });

  test('that the list has wrong are told before anything is charged', async () => {
    const before = await pieceCount();
    const { job, list } = newJob(['a,1,0.79,,', 'b,1,0.78,,', 'c,30,1,,']);

    const { exitCode, said } = await run(job, list, '--no-print');

    expect(exitCode).toBe(1);
    expect(said.filter(({ event }) => event === 'problem')).toMatchObject([
      { line: 2, column: 'postage', what: expect.stringContaining('780') },
      { line: 4, column: 'weight' },
    ]);
    expect(await pieceCount()).toBe(before);
  });
});

test('a torn label: the job says which piece to look at, and goes on behind it', async () => {
  const before = await pieceCount();
  const { job, list } = newJob(rowsOf(4));
  printer.fault({ kind: 'cutConnection', afterBytes: 30_000 });

  const first = await run(job, list, ...toPrinter());
  expect(first.exitCode).toBe(1);
  expect(first.error).toMatchObject({ error: 'connectionLost' });
  const [unclear = ''] = first.figures('job')['unclear'] as string[];
  printer.powerCycle();
  printer.tearOff();
  const reprinted = await cli('batch', 'reprint', job, unclear, ...meter.asUser, ...toPrinter());
  const second = await resume(job, ...toPrinter());

  expect(reprinted.figures('piece')).toMatchObject({ reference: unclear, state: 'confirmed' });
  expect(second.exitCode).toBe(0);
  expect(second.figures('job')).toMatchObject({ confirmed: 4, unclear: [] });
  expect(await pieceCount()).toBe(before + 4);
});

test('a process that is killed in the middle loses nothing, and charges nothing twice', async () => {
  const before = await pieceCount();
  const { job, list } = newJob(rowsOf(8));
  await signalledAt('letter 3', 'SIGKILL', 'run', job, '--list', list, ...toPrinter());
  printer.powerCycle(); // it may still wait for the rest of a picture

  const { figures } = await cliDone('batch', 'status', job);
  const unclear = figures('job')['unclear'] as string[];
  for (const reference of unclear) await cliDone('batch', 'spoil', job, reference);
  const { exitCode } = await resume(job, ...toPrinter());

  expect(unclear.length).toBeLessThan(2);
  expect(exitCode).toBe(0);
  const { said: rows } = await cliDone('batch', 'manifest', job);
  expect(rows.filter(({ state }) => state === 'spoiled')).toHaveLength(unclear.length);
  expect(new Set(rows.map(({ pieceCount: count }) => count)).size).toBe(8);
  expect(await pieceCount()).toBe(before + 8);
});

test('Ctrl-C ends it in good order behind the piece that is under way', async () => {
  const { job, list } = newJob(rowsOf(60));
  const argv = ['run', job, '--list', list, '--no-print'];
  const { exitCode, last } = await signalledAt('letter 2', 'SIGINT', ...argv);

  expect(exitCode).toBe(1);
  const { planned, intended, issued } = JSON.parse(last) as Record<string, number>;
  expect(intended).toBe(0);
  expect((planned as number) + (issued as number)).toBe(60);
  expect(planned).toBeGreaterThan(0);
});

test('a piece is reprinted only when it is asked for, at no charge', async () => {
  const { job, list } = newJob(rowsOf(1));
  await run(job, list, ...toPrinter());
  const before = await pieceCount();
  const page = printer.nextPage();

  const { exitCode, figures } = await cli(
    ...['batch', 'reprint', job, 'letter 0', ...meter.asUser],
  );

  expect(exitCode).toBe(0);
  expect(figures('piece')).toMatchObject({ state: 'confirmed', reprints: 1 });
  expect((await page).png.length).toBeGreaterThan(0);
  expect(await pieceCount()).toBe(before);
});

test('labels in a file are not written over when a job goes on', async () => {
  const { job, list } = newJob(rowsOf(1));
  const file = join(temporaryFolder(), 'labels.escpos');
  await run(job, list, '--printer', `file:${file}`);
  expect(readFileSync(file).length).toBeGreaterThan(1_000);

  const { exitCode, error } = await resume(job, '--printer', `file:${file}`);

  expect(exitCode).toBe(1);
  expect(error).toMatchObject({ error: 'fileExists' });
});

test.each<[string, (job: string) => readonly string[], string]>([
  ['a job that is there', (job) => ['run', job, '--list', `${job}/list.csv`], 'jobExists'],
  ['no job', (job) => ['status', `${job}/none`], 'jobMissing'],
  ['a piece that is none', (job) => ['spoil', job, 'letter 9'], 'pieceUnknown'],
  ['a piece that was not printed', (job) => ['accept', job, 'letter 0'], 'pieceState'],
])('%s is refused with what to do', async (_, words, reason) => {
  const { job, list } = newJob(rowsOf(1));
  await run(job, list, '--no-print');

  const { exitCode, error } = await cli('batch', ...words(job), '--home', meter.home);

  expect(exitCode).toBe(1);
  expect(error).toMatchObject({ error: reason, advice: expect.stringMatching(/\w/) });
});

test('a list that is not there is wrong usage', async () => {
  const { exitCode } = await run(join(temporaryFolder(), 'job'), '/nowhere.csv', '--no-print');

  expect(exitCode).toBe(2);
});
