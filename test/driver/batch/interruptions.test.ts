/**
 * Jobs that are interrupted in every way, at random places that a seed decides, and gone on with until they are done:
 * money, journal and paper agree exactly (requirements.md C4, F6).
 */

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acceptPiece, reprintPiece, spoilPiece } from '#driver/batch/decisions';
import { createJob, type Job, openJob } from '#driver/batch/job';
import { manifestRows } from '#driver/batch/manifest';
import { runJob } from '#driver/batch/run';
import { LinkError } from '#driver/errors';
import { PrinterError } from '#driver/print/printer-error';
import { FUNDS } from '#test/support/meter';
import { seededRandom } from '#test/support/seeded-random';
import { temporaryFolder } from '#test/support/temporary-folder';
import { type Desk, listOf, METER, openDesk } from './desk.ts';
import { frailHost, type HostPlan } from './frail-host.ts';

/** Whole numbers below a bound. */
type Random = (bound: number) => number;

function randomOf(seed: string): Random {
  const bytes = seededRandom(seed);
  return (bound) => new DataView(bytes(4).buffer).getUint32(0) % bound;
}

const interruptions = {
  boardLosesPower({ device }: Scene, random: Random) {
    const unsynced = random(2) === 0 ? 'kept' : 'lost';
    device.flash.losePowerAfter(random(150), { tornBytes: random(150), unsynced });
  },
  lineIsPulled({ planLine }: Scene, random: Random) {
    planLine({ atSend: 1 + random(40), arrives: random(2) === 0 });
  },
  paperRunsOut: ({ paper }: Scene, random: Random) =>
    paper.fault({ kind: 'paperOut', afterRows: random(1_000) }),
  coverIsOpened: ({ paper }: Scene) => paper.fault({ kind: 'coverOpen' }),
  printerIsCutOff: ({ paper }: Scene, random: Random) =>
    paper.fault({ kind: 'cutConnection', afterBytes: random(30_000) }),
  somebodyStopsIt: ({ stopAfter }: Scene, random: Random) => stopAfter(random(30)),
} as const;
type Interruption = keyof typeof interruptions;
const PIECES = 200;
const names = Object.keys(interruptions) as Interruption[];

interface Scene extends Pick<Desk, 'device' | 'paper'> {
  planLine: Awaited<ReturnType<Desk['meter']>>['planLine'];
  readonly stopAfter: (pieces: number) => void;
}

/** A third of all runs end with the host itself. */
function hostPlan(random: Random): HostPlan | undefined {
  if (random(3) > 0) return undefined;
  const end = random(2) === 0 ? 'killed' : 'powerCut';
  return { end, atStep: 1 + random(150), keeps: random(101) / 100 };
}

/** One run: from opening the job to whatever ends it. @returns what that was */
async function runOnce(desk: Desk, directory: string, random: Random): Promise<string> {
  const plan = hostPlan(random);
  const host = frailHost(plan);
  const name = names[random(names.length)] as Interruption;
  const { meter, planLine } = await desk.meter();
  const line = await desk.printer();
  const job = await openJob(directory, { openFile: host.openFile });
  const stop = new AbortController();
  let piecesLeft = Number.POSITIVE_INFINITY;
  function stopAfter(pieces: number): void {
    piecesLeft = pieces;
    if (piecesLeft === 0) stop.abort();
  }
  if (plan === undefined) interruptions[name]({ ...desk, planLine, stopAfter }, random);

  const options = { stop: stop.signal, onPiece: () => stopAfter(piecesLeft - 1) };
  const running = runJob(job, host.meter(meter), {
    ...options,
    printer: host.printer(line.printer),
  }).then(
    () => name,
    (error: unknown) => {
      if (error instanceof LinkError || error instanceof PrinterError) return name;
      throw error;
    },
  );
  const ended = await Promise.race([running, host.ended]);
  await job.close();
  await host.leaveDisk();
  await line.close();
  return ended;
}

/** What a person does then: power, paper, cover; looks at what may be on paper, and decides. */
async function tidyUp(desk: Desk, directory: string, random: Random): Promise<void> {
  const { paper, labels, device } = desk;
  device.flash.losePowerAfter(Number.MAX_SAFE_INTEGER); // none is planned any more
  if (random(2) === 0) {
    paper.powerCycle(); // what the printer had not printed yet is lost
    paper.tearOff();
  }
  paper.clearFaults();
  paper.powerCycle();
  paper.tearOff();

  await using job = await openJob(directory);
  const { printer, close } = await desk.printer();
  for await (const { index, reference, record } of job.pieces()) {
    if (record.state !== 'sending' && record.state !== 'sent') continue;
    const hex = Buffer.from(await job.indicium(index)).toString('hex');
    if (labels.has(hex)) await acceptPiece(job, reference);
    else if (random(2) === 0) await reprintPiece(job, reference, printer);
    else await spoilPiece(job, reference, 'torn');
  }
  await close();
}

/** Money, journal and paper tell the same. */
async function expectAgreement(desk: Desk, job: Job): Promise<void> {
  const { meter } = await desk.meter();
  const registers = await meter.registers();
  const seen = new Set<string>();
  let charged = 0;
  const wrong: string[] = [];
  for await (const { reference, state, indicium, postage, pieceCount } of manifestRows(job)) {
    const hex = Buffer.from(indicium ?? []).toString('hex');
    const expected = state === 'spoiled' ? undefined : 1;
    if (desk.labels.get(hex) !== expected || (state !== 'confirmed' && state !== 'spoiled'))
      wrong.push(`${reference} is ${state}, ${desk.labels.get(hex)} labels, piece ${pieceCount}`);
    seen.add(hex);
    charged += postage;
  }
  expect(wrong).toEqual([]);
  expect(seen.size).toBe(job.description.pieces);
  expect([...desk.labels.keys()].filter((hex) => !seen.has(hex))).toEqual([]);
  expect(registers).toMatchObject({
    ascending: charged,
    descending: FUNDS - charged,
    pieceCount: job.description.pieces,
  });
  expect(job.figures).toMatchObject({ charged, toCharge: 0 });
}

test.each(['one', 'two'])('seed %s: every piece exactly once', async (seed) => {
  const random = randomOf(seed);
  await using desk = await openDesk();
  const directory = join(temporaryFolder(), 'job');
  await createJob(directory, listOf(PIECES), { meter: METER });

  const ends = new Set<string>();
  for (let isDone = false; !isDone; ) {
    ends.add(await runOnce(desk, directory, random));
    await tidyUp(desk, directory, random);
    await using job = await openJob(directory);
    const { confirmed, spoiled } = job.figures;
    isDone = confirmed + spoiled === PIECES;
  }

  await using job = await openJob(directory);
  await expectAgreement(desk, job);
  expect(ends.size).toBeGreaterThan(4); // or nothing was tried
});
