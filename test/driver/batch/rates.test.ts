/**
 * Jobs priced by the rates of the meter: what the list leaves out, rates that change in the middle, high values, days of
 * mailing (requirements.md C4, C6; domain.md R8, R30, R32).
 */

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RatesChange } from '#driver/batch/before-charging';
import { createJob, type Job, openJob } from '#driver/batch/job';
import { manifestRows } from '#driver/batch/manifest';
import { runJob } from '#driver/batch/run';
import { readIndicium } from '#protocol/documents/indicium';
import type { Rate } from '#protocol/documents/rate-table';
import { mills } from '#protocol/mills';
import { licence, rateTable } from '#test/support/meter';
import { failureOf } from '#test/support/settle';
import { temporaryFolder } from '#test/support/temporary-folder';
import { bytesOf, type Desk, everyOf, METER, openDesk } from './desk.ts';

const DAY_MS = 86_400_000;
const NOON_MS = Date.UTC(2026, 2, 1, 12);

const fixed = (serviceId: number, kind: 'fixed' | 'extra', price: number): Rate => ({
  serviceId,
  kind,
  minimum: mills(price),
  maximum: mills(price),
  steps: [],
});
const weighed = (light: number, heavy: number): Rate => ({
  serviceId: 5,
  kind: 'weighed',
  minimum: mills(light),
  maximum: mills(heavy),
  steps: [
    { weightMaxMg: 28_350, prices: [mills(light)] },
    { weightMaxMg: 56_700, prices: [mills(heavy)] },
  ],
});
const keyedIn: Rate = {
  serviceId: 9,
  kind: 'keyedIn',
  minimum: mills(200),
  maximum: mills(95_000),
  steps: [],
};
const rates = [fixed(1, 'fixed', 780), weighed(1_000, 2_000), keyedIn, fixed(30, 'extra', 500)];
const table = rateTable({ version: 2, rates });
/** From tomorrow on heavy letters cost more, and service 1 is no more. */
const dearer = (
  changes: readonly Rate[] = [weighed(1_000, 2_500), keyedIn, fixed(30, 'extra', 500)],
) => rateTable({ version: 3, rates: changes, validFrom: 20260302 });

const LIST = `reference,service,destination,weight,extras,postage
a,5,,20,,
b,5,,50,30,
c,1,,,,0.78
d,9,,,,1.234
e,5,,50,,2
`;

async function openRated(): Promise<Desk> {
  const desk = await openDesk();
  onTestFinished(() => desk[Symbol.asyncDispose]());
  const officer = await desk.device.loggedIn('cryptoOfficer');
  await officer.installRateTable(table);
  return desk;
}

async function newJob(list = LIST): Promise<Job> {
  const directory = join(temporaryFolder(), 'job');
  await createJob(directory, bytesOf(list), { meter: METER, rateTable: table });
  const job = await openJob(directory);
  onTestFinished(() => job.close());
  return job;
}

const now = () => NOON_MS;
const postagesOf = async (job: Job) => (await everyOf(job.pieces())).map(({ postage }) => postage);

/** Loads the next rates; a day later they are the ones of the meter. */
async function loadAhead({ device }: Desk, next = dearer()): Promise<void> {
  const officer = await device.loggedIn('cryptoOfficer');
  await officer.installRateTable(next);
}

test('the table gives what the list leaves out, and the meter takes every price', async () => {
  const desk = await openRated();
  const job = await newJob();
  const { meter } = await desk.meter();

  const figures = await runJob(job, meter, { now });

  expect(job.description).toMatchObject({
    isRated: true,
    total: 1_000 + 2_500 + 780 + 1_234 + 2_000,
  });
  expect(figures).toMatchObject({ issued: 5, charged: job.description.total });
  const rows = await everyOf(manifestRows(job));
  const printed = rows.map(({ indicium = new Uint8Array() }) => readIndicium(indicium));
  expect(printed.map((read) => (read.ok ? read.value.postage : read.status))).toEqual([
    1_000, 2_500, 780, 1_234, 2_000,
  ]);
});

describe('a list that the table has no price for', () => {
  test.each([
    ['a,7,,,,', 'service', 'no such service'],
    ['a,5,,60,,', 'weight', 'no such weight'],
    ['a,5,,,,', 'weight', 'no such weight'],
    ['a,1,,20,,', 'weight', 'no such weight'],
    ['a,1,,,,0.79', 'postage', 'mills of the rate: 780'],
    ['a,9,,,,', 'postage', 'is empty'],
    ['a,9,,,,0.19', 'postage', 'least mills: 200'],
    ['a,1,,,7,', 'service', 'no such service'],
  ])('%j is refused before anything is charged', async (row, column, what) => {
    const header = LIST.split('\n')[0];
    const directory = join(temporaryFolder(), 'job');
    const list = bytesOf(`${header}\n${row}\n`);

    const error = await failureOf(createJob(directory, list, { meter: METER, rateTable: table }));

    expect(error).toMatchObject({
      name: 'ListError',
      problems: [{ line: 2, column, what: expect.stringContaining(what) }],
    });
  });
});

test('a job whose table is gone or is none is damaged', async () => {
  for (const damage of ['gone', 'none'] as const) {
    const job = await newJob();
    await job.close();
    const file = join(job.directory, 'rates.bin');
    if (damage === 'gone') rmSync(file);
    else writeFileSync(file, 'TRT2');

    expect(await failureOf(openJob(job.directory))).toMatchObject({ reason: 'jobDamaged' });
  }
});

describe('rates that change', () => {
  test('before a job goes on are told with the new total, and nothing is charged without consent', async () => {
    const desk = await openRated();
    const job = await newJob();
    await loadAhead(desk);
    desk.device.clock.advance(DAY_MS);
    const { meter } = await desk.meter();
    const asked: RatesChange[] = [];

    const error = await failureOf(
      runJob(job, meter, {
        onRatesChanged(change) {
          asked.push(change);
          return false;
        },
      }),
    );

    expect(error).toMatchObject({ name: 'BatchError', reason: 'ratesChanged' });
    expect(asked).toEqual([
      { from: 2, to: 3, before: 7_514, after: 7_734, changed: 2, unpriced: 1 },
    ]);
    expect((await meter.registers()).pieceCount).toBe(0);
    expect(await postagesOf(job)).toEqual([1_000, 2_500, 780, 1_234, 2_000]);
  });

  test('and are accepted are charged, also after a restart; what has no price ends refused', async () => {
    const desk = await openRated();
    const job = await newJob();
    await loadAhead(desk);
    desk.device.clock.advance(DAY_MS);
    const { meter } = await desk.meter();
    const stop = new AbortController();
    const tomorrow = () => NOON_MS + DAY_MS;
    await runJob(job, meter, {
      now: tomorrow,
      onRatesChanged: () => true,
      stop: stop.signal,
      onPiece: () => stop.abort(),
    });
    await job.close();

    await using again = await openJob(job.directory);
    const figures = await runJob(again, meter, { now: tomorrow });

    expect(again.rates?.version).toBe(3);
    expect(figures).toMatchObject({ issued: 4, refused: 1, charged: 7_734, toCharge: 0 });
    expect(again.record(2)).toMatchObject({ state: 'refused', reason: 'serviceUnknown' });
    expect((await meter.registers()).ascending).toBe(7_734);
  });

  test('in the middle of a run are noticed, asked for, and gone on with; no piece is charged twice', async () => {
    const desk = await openRated();
    const job = await newJob();
    await loadAhead(desk);
    const { meter } = await desk.meter();
    const asked: RatesChange[] = [];
    let today = NOON_MS;

    const figures = await runJob(job, meter, {
      now: () => today,
      onPiece({ reference }) {
        if (reference !== 'a') return;
        desk.device.clock.advance(DAY_MS);
        today += DAY_MS;
      },
      onRatesChanged(change) {
        asked.push(change);
        return true;
      },
    });

    expect(asked).toMatchObject([{ from: 2, to: 3, before: 6_514, changed: 2, unpriced: 1 }]);
    expect(figures).toMatchObject({ issued: 4, refused: 1, charged: 7_734 });
    expect((await meter.registers()).pieceCount).toBe(4);
    const rows = await everyOf(manifestRows(job));
    const editions = rows.map(({ indicium = new Uint8Array() }) => {
      const read = readIndicium(indicium);
      return read.ok ? read.value.rateCategory : undefined;
    });
    expect(editions).toEqual([2, 3, undefined, 3, 3]);
  });

  test('to the same prices are followed without a word', async () => {
    const desk = await openRated();
    const job = await newJob();
    await loadAhead(desk, rateTable({ version: 3, rates, validFrom: 20260302 }));
    desk.device.clock.advance(DAY_MS);
    const { meter } = await desk.meter();
    let asked = 0;

    const figures = await runJob(job, meter, {
      now: () => NOON_MS + DAY_MS,
      onRatesChanged() {
        asked += 1;
        return false;
      },
    });

    expect([asked, job.rates?.version, figures.issued]).toEqual([0, 3, 5]);
  });

  test.each([
    [true, 'is settled at the price it had', 3_500],
    [false, 'is planned again, at the new one', 4_500],
  ])('while a request is open that arrived: %j: it %s', async (arrives, _, charged) => {
    const desk = await openRated();
    await loadAhead(desk, dearer([weighed(1_000, 3_000), keyedIn, fixed(30, 'extra', 500)]));
    const job = await newJob(LIST.split('\n').slice(0, 3).join('\n'));
    const { meter, planLine } = await desk.meter();
    planLine({ atSend: 5, arrives }); // registers, condition, licence, a; then b
    await failureOf(runJob(job, meter, { now }));
    expect(job.figures).toMatchObject({ issued: 1, intended: 1 });
    desk.device.clock.advance(DAY_MS);

    const { meter: next } = await desk.meter();
    const today = () => NOON_MS + DAY_MS;
    const figures = await runJob(job, next, { now: today, onRatesChanged: () => true });

    expect(figures).toMatchObject({ issued: 2, charged });
    expect(await next.registers()).toMatchObject({ pieceCount: 2, ascending: charged });
  });
});

describe('high values', () => {
  test('are counted before the first debit, and charged where they are meant', async () => {
    const desk = await openRated();
    const officer = await desk.device.loggedIn('cryptoOfficer');
    await officer.register(licence({ sequence: 2, highValue: mills(2_000) }));
    const job = await newJob();
    const { meter } = await desk.meter();

    const error = await failureOf(runJob(job, meter, { now }));
    const planned = job.figures.planned;
    const figures = await runJob(job, meter, { now, confirmsHighValues: true });

    expect(error).toMatchObject({ reason: 'highValue', what: expect.stringContaining('2 pieces') });
    expect(planned).toBe(5);
    expect(figures).toMatchObject({ issued: 5 });
  });
});

test('pieces without a date of their own are mailed on the next working day behind the cut-off', async () => {
  const desk = await openRated();
  const job = await newJob();
  const { meter } = await desk.meter();
  // 2026-03-01 is a Sunday
  const mailing = { cutOffMinutes: 17 * 60, zoneMinutes: 0 };

  await runJob(job, meter, { now, mailing });

  const dates = (await everyOf(manifestRows(job))).map(({ mailingDate }) => mailingDate);
  expect(new Set(dates)).toEqual(new Set([20260302]));
});
