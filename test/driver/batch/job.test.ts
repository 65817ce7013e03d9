/** Jobs as directories, and one run of them: funds, refusals, stops, decisions, manifest (requirements.md B7, C4, F6). */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scanSymbols } from '#authority/scan/scan';
import type { BatchMeter } from '#driver/batch/charging';
import { acceptPiece, reprintPiece, spoilPiece } from '#driver/batch/decisions';
import { createJob, type Job, type JobPiece, openJob } from '#driver/batch/job';
import { labelPrinter } from '#driver/batch/label-printer';
import { manifestCsv, manifestRows } from '#driver/batch/manifest';
import type { PieceState } from '#driver/batch/piece-state';
import { runJob } from '#driver/batch/run';
import { JournalError } from '#driver/checked-lines';
import { hostDisk } from '#driver/disk';
import { pieceRequest } from '#driver/piece';
import { openPrinter } from '#driver/print/printer';
import { printerProfiles } from '#driver/print/printer-profile';
import { mills } from '#protocol/mills';
import { failureOf } from '#test/support/settle';
import { temporaryFolder } from '#test/support/temporary-folder';
import { bytesOf, type Desk, everyOf, listOf, METER, openDesk } from './desk.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk[Symbol.asyncDispose]());

const HEADER = 'reference,service,postage,destination,mailing date\n';
const rows = (...lines: readonly string[]) => bytesOf(`${HEADER}${lines.join('\n')}\n`);

async function newJob(list = listOf(3), meter = METER): Promise<string> {
  const directory = join(temporaryFolder(), 'job');
  await createJob(directory, list, { meter });
  return directory;
}

async function charge(job: Job, options = {}) {
  const { meter } = await desk.meter();
  return await runJob(job, meter, options);
}

const statesOf = async (job: Job): Promise<PieceState[]> =>
  (await everyOf(job.pieces())).map(({ record }) => record.state);

describe('a directory', () => {
  test('of a list that is wrong holds no job, and takes the mended one', async () => {
    const directory = join(temporaryFolder(), 'job');

    await failureOf(createJob(directory, rows('a,9,0,,'), { meter: METER }));
    expect(existsSync(join(directory, 'list.csv'))).toBe(false);
    expect(await failureOf(openJob(directory))).toMatchObject({ reason: 'jobMissing' });
    await createJob(directory, rows('a,9,1,,'), { meter: METER });

    await using job = await openJob(directory);
    expect(job.description).toMatchObject({ meter: METER, pieces: 1, total: 1_000 });
  });

  test('left by a crash before the job was begun is taken', async () => {
    const directory = join(temporaryFolder(), 'job');
    await mkdir(directory);
    writeFileSync(join(directory, 'list.csv'), 'half a li');

    await createJob(directory, listOf(2), { meter: METER });

    await using job = await openJob(directory);
    expect(job.figures).toMatchObject({ planned: 2, charged: 0, toCharge: 401 });
  });

  test('with a job takes no other', async () => {
    const directory = await newJob();

    expect(await failureOf(createJob(directory, listOf(1), { meter: METER }))).toMatchObject({
      reason: 'jobExists',
    });
    await using job = await openJob(directory);
    expect(job.description.pieces).toBe(3);
  });

  test('is worked on by one at a time', async () => {
    const directory = await newJob();
    const first = await openJob(directory);

    expect(await failureOf(openJob(directory))).toMatchObject({ reason: 'jobInUse' });
    await first.close();
    await using second = await openJob(directory);
    expect(second.figures.planned).toBe(3);
  });

  test.each([
    ['list.csv', 'jobDamaged'],
    ['job.json', 'jobDamaged'],
  ])('with one changed byte in %s is refused', async (file, reason) => {
    const directory = await newJob();
    const path = join(directory, file);
    writeFileSync(
      path,
      readFileSync(path, 'latin1').replace('20260', '20261').replace('"fo', '"go'),
    );

    expect(await failureOf(openJob(directory))).toMatchObject({ reason });
  });

  test('with a damaged line in its journal is refused', async () => {
    const directory = await newJob();
    await using job = await openJob(directory);
    await charge(job);
    await job.close();
    const path = join(directory, 'pieces.journal');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"piece":1', '"piece":2'));

    expect(await failureOf(openJob(directory))).toBeInstanceOf(JournalError);
  });
});

describe('a run', () => {
  test('charges each piece once, at no more than one sync each', async () => {
    const { meter } = await desk.meter();
    const before = await meter.registers();
    let syncs = 0;
    const directory = await newJob(listOf(10));
    await using job = await openJob(directory, {
      disk: {
        ...hostDisk,
        async openLines(path) {
          const handle = await open(path, 'a+');
          const datasync = handle.datasync.bind(handle);
          handle.datasync = () => {
            syncs += 1;
            return datasync();
          };
          return handle;
        },
      },
    });
    syncs = 0;

    const figures = await runJob(job, meter);
    await runJob(job, meter);

    expect(figures).toMatchObject({ issued: 10, charged: 2_045, toCharge: 0 });
    expect(await meter.registers()).toMatchObject({
      ascending: before.ascending + 2_045,
      pieceCount: before.pieceCount + 10,
    });
    expect(syncs).toBe(10 + 2); // and one at the end of each run
  });

  test('begins only where the funds reach, unless it may fall short', async () => {
    await using own = await openDesk();
    const { meter } = await own.meter();
    const { descending } = await meter.registers();
    const tooMuch = ['a,9,0.2,,20260301', 'b,9,90,,20260301', 'c,9,90,,20260301'];
    await using job = await openJob(await newJob(rows(...tooMuch)));
    const told: unknown[] = [];

    const refused = await failureOf(runJob(job, meter, { onStart: (funds) => told.push(funds) }));
    expect(refused).toMatchObject({ reason: 'fundsShort' });
    expect(told).toEqual([{ toCharge: 180_200, available: descending }]);
    expect(job.figures.planned).toBe(3);
    const short = await failureOf(runJob(job, meter, { allowsShort: true }));

    expect(short).toMatchObject({ status: 'insufficientFunds' });
    expect(await statesOf(job)).toEqual(['issued', 'issued', 'planned']);
  });

  test('goes on behind a piece that the meter refuses, and stops for what is not the piece’s', async () => {
    const wrong = ['a,77,1,,20260301', 'b,9,0.1,,20260301', 'c,9,1,,20200101', 'd,9,1,,20260301'];
    await using job = await openJob(await newJob(rows(...wrong)));
    const { meter } = await desk.meter();

    await runJob(job, meter);
    const reasons = (await everyOf(manifestRows(job))).map(({ reason }) => reason);
    expect(reasons).toEqual(['serviceUnknown', 'postageBelowMinimum', 'dateNotAllowed', undefined]);
    expect(job.figures).toMatchObject({ refused: 3, issued: 1, charged: 1_000, toCharge: 0 });

    await using next = await openJob(await newJob(listOf(2)));
    await meter.logOut();
    expect(await failureOf(runJob(next, meter))).toMatchObject({ name: 'RefusedError' });
    expect(next.figures.planned + next.figures.intended).toBe(2);
    await charge(next);
    expect(next.figures.issued).toBe(2);
  });

  test('is by the meter of the job', async () => {
    await using job = await openJob(await newJob(listOf(1), 'TS01-0000000043'));

    expect(await failureOf(charge(job))).toMatchObject({ reason: 'otherMeter' });
    expect(job.figures.planned).toBe(1);
  });

  test('dates pieces without a date of their own on the day they are charged', async () => {
    await using job = await openJob(await newJob(rows('a,9,1,,', 'b,9,1,,20260305')));

    await charge(job, { now: () => Date.UTC(2026, 2, 2) });

    const dates = (await everyOf(manifestRows(job))).map(({ mailingDate }) => mailingDate);
    expect(dates).toEqual([20_260_302, 20_260_305]);
  });

  test('ends behind the piece under way when it is told to, and leaves nothing open', async () => {
    await using job = await openJob(await newJob(listOf(8)));
    const { printer, close } = await desk.printer();
    const stop = new AbortController();
    const onPiece = ({ record }: JobPiece) => record.state === 'confirmed' && stop.abort();

    await charge(job, { printer, stop: stop.signal, onPiece });
    await close();

    expect(job.figures).toMatchObject({ confirmed: 2, planned: 6, issued: 0, intended: 0 });
  });

  test('charges nothing where the printer says first that it cannot print', async () => {
    await using job = await openJob(await newJob());
    desk.paper.fault({ kind: 'coverOpen' });
    const { printer, close } = await desk.printer();

    const error = await failureOf(charge(job, { printer }));
    desk.paper.clearFaults();
    await close();

    expect(error).toMatchObject({ problem: 'coverOpen', stage: 'before first byte' });
    expect(job.figures.planned).toBe(3);
  });

  test('that charged only is printed by one that has a printer', async () => {
    await using job = await openJob(await newJob());
    await charge(job);
    const { printer, close } = await desk.printer();

    const figures = await charge(job, { printer });
    await close();

    expect(figures).toMatchObject({ confirmed: 3 });
  });

  test('never sends a label again by itself once its first byte had left', async () => {
    await using own = await openDesk();
    const directory = await newJob(listOf(4));
    await using job = await openJob(directory);
    const { meter } = await own.meter();
    own.paper.fault({ kind: 'cutConnection', afterBytes: 1_200 });
    const first = await own.printer();
    const error = await failureOf(runJob(job, meter, { printer: first.printer }));
    await first.close();
    own.paper.powerCycle();
    own.paper.tearOff();
    expect(error).toMatchObject({ problem: 'connectionLost', stage: 'after first byte' });
    expect(await statesOf(job)).toEqual(['confirmed', 'sending', 'issued', 'planned']);

    const second = await own.printer();
    await runJob(job, meter, { printer: second.printer });
    await second.close();

    expect(await statesOf(job)).toEqual(['confirmed', 'sending', 'confirmed', 'confirmed']);
    expect(own.labels.size).toBe(3);
  });

  test('without confirmation by the printer leaves pieces sent', async () => {
    await using job = await openJob(await newJob());
    desk.paper.fault({ kind: 'mute' });
    const { printer, close } = await desk.printer();

    const figures = await charge(job, { printer });
    desk.paper.clearFaults();
    await close();

    expect(figures).toMatchObject({ sent: 3, confirmed: 0 });
  });
});

describe('a request that was left open while the meter was used for something else', () => {
  /** Charges by another program, with the request id that the job would use next. */
  async function chargedElsewhere(meter: BatchMeter): Promise<void> {
    const { requestCounter } = await meter.registers();
    const requestId = { counter: requestCounter + 1, nonce: 7 };
    const piece = { serviceId: 9, postage: mills(200), mailingDate: 20_260_301, destination: 0 };
    await meter.createIndicium(pieceRequest(requestId, piece));
  }
  /** A meter whose line breaks before the first request of a debit arrives. */
  const deaf = (meter: BatchMeter): BatchMeter => ({
    ...meter,
    address: meter.address,
    server: meter.server,
    registers: () => meter.registers(),
    createIndicium: () => Promise.reject(new Error('the line broke')),
  });

  test('is refused as forgotten, since nobody can tell, and is not asked for again', async () => {
    await using job = await openJob(await newJob());
    const { meter } = await desk.meter();
    await failureOf(runJob(job, deaf(meter)));
    expect(job.figures.intended).toBe(1);
    await chargedElsewhere(meter);

    const figures = await runJob(job, meter);

    expect(figures).toMatchObject({ refused: 1, issued: 2 });
    expect(job.record(0).reason).toBe('requestForgotten');
  });

  test('that reached the meter is found, whatever came behind it', async () => {
    await using job = await openJob(await newJob());
    const { meter, planLine } = await desk.meter();
    planLine({ atSend: 3, arrives: true }); // registers, licence, then the debit
    await failureOf(runJob(job, meter));
    const { meter: again } = await desk.meter();
    const { pieceCount } = await again.registers();
    await chargedElsewhere(again);

    const figures = await runJob(job, again);

    expect(figures).toMatchObject({ refused: 0, issued: 3 });
    const counts = (await everyOf(manifestRows(job))).map((row) => row.pieceCount);
    expect(counts).toEqual([pieceCount, pieceCount + 2, pieceCount + 3]);
  });
});

describe('a person', () => {
  test('has a piece printed once more, and it is counted', async () => {
    await using job = await openJob(await newJob());
    const { printer, close } = await desk.printer();
    await charge(job, { printer });

    await reprintPiece(job, (await desk.meter()).meter, 'piece 1', printer);
    await close();

    expect(job.record(1)).toMatchObject({ state: 'confirmed', reprints: 1 });
    const hex = Buffer.from(await job.indicium(1)).toString('hex');
    expect(desk.labels.get(hex)).toBe(2);
  });

  test('decides once and for all, across restarts', async () => {
    const directory = await newJob();
    await using job = await openJob(directory);
    await charge(job);
    await spoilPiece(job, 'piece 0', 'coffee');
    await job.close();

    await using again = await openJob(directory);
    const { printer, close } = await desk.printer();
    const { meter } = await desk.meter();
    const reprint = await failureOf(reprintPiece(again, meter, 'piece 0', printer));
    const accept = await failureOf(acceptPiece(again, 'piece 0'));
    await charge(again, { printer });
    await close();

    for (const error of [reprint, accept]) expect(error).toMatchObject({ reason: 'pieceState' });
    await acceptPiece(again, 'piece 1'); // confirmed by the printer: nothing is left to note
    expect(again.figures).toMatchObject({ spoiled: 1, confirmed: 2, charged: 603 });
    expect(await failureOf(spoilPiece(again, 'piece 3', ''))).toMatchObject({
      reason: 'pieceUnknown',
    });
  });
});

test('the manifest as CSV tells all pieces and gives a spreadsheet no formula', async () => {
  await using job = await openJob(await newJob());
  await charge(job);
  await spoilPiece(job, 'piece 1', '=1+1, "torn"');

  const lines = await everyOf(manifestCsv(job));

  expect(lines[0]).toMatch(/^reference,state,service,postage,/);
  expect(lines[1]).toMatch(/^piece 0,issued,9,0\.200,20260,20260301,,0,,\d+,0,,54[0-9a-f]{254}$/);
  expect(lines[2]).toContain(`"'=1+1, ""torn"""`);
  expect(lines).toHaveLength(4);
});

test('labels as they are printed for people hold the indicium and are read back', async () => {
  const list =
    'reference,service,postage,destination,addressee\na,9,1,20260,A. Reader|Springfield\n';
  await using job = await openJob(await newJob(bytesOf(list)));
  const profile = printerProfiles['epson-80mm'];
  await using line = await openPrinter(desk.paper.address, profile);
  const label = { returnAddress: ['Tessera Works'] };
  const page = desk.paper.nextPage();

  await charge(job, {
    printer: labelPrinter(line, { profile, label, inscriptionOf: () => 'Letter' }),
    now: () => Date.UTC(2026, 2, 1),
  });

  const [symbol] = await scanSymbols((await page).png);
  expect(symbol?.bytes).toEqual(await job.indicium(0));
});
