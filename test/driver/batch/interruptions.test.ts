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
import { frailHost, type HostEnd, type HostPlan } from './frail-host.ts';

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
const PIECES = 150;
const RUNS_MAX = 200;
const STEPS_MAX = 100;
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

/** One run: from opening the job to whatever ends it. @returns the end of the host, where it had one */
async function runOnce(
  desk: Desk,
  directory: string,
  plan: HostPlan | undefined,
  interrupt: (scene: Scene) => void = () => undefined,
): Promise<HostEnd | undefined> {
  const host = frailHost(plan);
  const { meter, planLine } = await desk.meter();
  const line = await desk.printer();
  const job = await Promise.race([openJob(directory, { disk: host.disk }), host.ended]);
  if (typeof job === 'string') {
    await host.leaveDisk();
    await line.close();
    return job;
  }
  const stop = new AbortController();
  let piecesLeft = Number.POSITIVE_INFINITY;
  function stopAfter(pieces: number): void {
    piecesLeft = pieces;
    if (piecesLeft === 0) stop.abort();
  }
  interrupt({ ...desk, planLine, stopAfter });

  const running = runJob(job, host.meter(meter), {
    printer: host.printer(line.printer),
    stop: stop.signal,
    onPiece: () => stopAfter(piecesLeft - 1),
  }).then(
    () => undefined,
    (error: unknown) => {
      if (!(error instanceof LinkError || error instanceof PrinterError)) throw error;
    },
  );
  const ended = await Promise.race([running, host.ended]);
  await job.close();
  await host.leaveDisk();
  await line.close();
  return ended ?? undefined;
}

/** A job whose journal is begun; that one cut anywhere is begun again is shown in test/driver/pending.test.ts. */
async function newJob(pieces: number): Promise<string> {
  const directory = join(temporaryFolder(), 'job');
  await createJob(directory, listOf(pieces), { meter: METER });
  const job = await openJob(directory);
  await job.close();
  return directory;
}

async function isDone(directory: string): Promise<boolean> {
  await using job = await openJob(directory);
  const { confirmed, spoiled } = job.figures;
  return confirmed + spoiled === job.description.pieces;
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
  const { meter } = await desk.meter();
  for await (const { index, reference, record } of job.pieces()) {
    if (record.state !== 'sending' && record.state !== 'sent') continue;
    const hex = Buffer.from(await job.indicium(index)).toString('hex');
    if (labels.has(hex)) await acceptPiece(job, reference);
    else if (random(2) === 0) await reprintPiece(job, meter, reference, printer);
    else await spoilPiece(job, reference, 'torn');
  }
  await close();
}

/** Each piece is charged for itself, and whole on paper once, or spoiled and not whole. */
async function expectPaper(desk: Desk, job: Job): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  const wrong: string[] = [];
  for await (const { reference, state, indicium, pieceCount } of manifestRows(job)) {
    const hex = Buffer.from(indicium ?? []).toString('hex');
    const labels = desk.labels.get(hex) ?? 0;
    if (!(state === 'confirmed' && labels === 1) && !(state === 'spoiled' && labels === 0))
      wrong.push(`${reference} is ${state}, ${labels} labels, piece ${pieceCount}`);
    seen.add(hex);
  }
  expect(wrong).toEqual([]);
  expect(seen.size).toBe(job.description.pieces);
  return seen;
}

/** Money, journal and paper tell the same; the job is the only one of this meter and this printer. */
async function expectAgreement(desk: Desk, job: Job): Promise<void> {
  const seen = await expectPaper(desk, job);
  const { meter } = await desk.meter();
  const { pieces, total } = job.description;
  expect([...desk.labels.keys()].filter((hex) => !seen.has(hex))).toEqual([]);
  expect(await meter.registers()).toMatchObject({
    ascending: total,
    descending: FUNDS - total,
    pieceCount: pieces,
  });
  expect(job.figures).toMatchObject({ charged: total, toCharge: 0 });
}

test.each(['one', 'two'])('seed %s: every piece exactly once', async (seed) => {
  const random = randomOf(seed);
  await using desk = await openDesk();
  const directory = await newJob(PIECES);

  const ends = new Set<string>();
  for (let runs = 0; runs < RUNS_MAX && !(await isDone(directory)); runs++) {
    const name = names[random(names.length)] as Interruption;
    const plan = hostPlan(random);
    await runOnce(desk, directory, plan, (scene) => {
      if (plan === undefined) interruptions[name](scene, random);
    });
    ends.add(plan?.end ?? name);
    await tidyUp(desk, directory, random);
  }

  await using job = await openJob(directory);
  await expectAgreement(desk, job);
  expect(ends.size).toBeGreaterThan(4); // or nothing was tried
});

test.each<HostEnd>(['killed', 'powerCut'])(
  'a host %s at any one of its steps: every piece exactly once',
  async (end) => {
    const random = randomOf(end);
    await using desk = await openDesk();

    let jobs = 0;
    for (let atStep = 1, hasEnded = true; hasEnded && atStep < STEPS_MAX; atStep++) {
      const directory = await newJob(2);
      hasEnded = (await runOnce(desk, directory, { end, atStep, keeps: 0 })) === end;
      await tidyUp(desk, directory, random);
      await runOnce(desk, directory, undefined);
      await using job = await openJob(directory);
      await expectPaper(desk, job);
      jobs += 1;
    }

    const { meter } = await desk.meter();
    expect((await meter.registers()).pieceCount).toBe(2 * jobs);
    expect(jobs).toBeGreaterThan(20);
    expect(jobs).toBeLessThan(STEPS_MAX - 1);
  },
);
