/**
 * A mailing list as one job over a serial line, with every party killed in the middle of it, again and again: each piece is
 * charged once, and on paper once or on the list of the spoiled (requirements.md C4, F6). TESSERA_BATCH is the number of
 * pieces: 10,000 for the long form.
 */

import { expect, test } from 'vitest';
import { openJob } from '#driver/batch/job';
import { manifestRows } from '#driver/batch/manifest';
import { readIndicium } from '#protocol/documents/indicium';
import {
  type BatchScene,
  type Killing,
  openBatchScene,
  parties,
  type RunFigures,
} from '#test/support/batch-scene';
import { cliDone, openWorld } from '#test/support/cli';
import { seededRandom } from '#test/support/seeded-random';

const COUNT = Number(process.env['TESSERA_BATCH'] ?? 240);
const KILLS_EACH = COUNT >= 10_000 ? 6 : 2;
const TIMEOUT_MS = 600_000 + COUNT * 1_500;
const seed = process.env['TESSERA_SEED'] ?? String(Date.now());
const FUNDS = 5_000;
/** Runs that may be needed beyond one for each killing. */
const RUNS_SPARE = 10;
const MEBIBYTE = 1_048_576;
/** How much more memory the host may use at the end of a long run than at its beginning. */
const GROWTH_MAX = 48 * MEBIBYTE;

/** Every party as often, in an order and at places that the seed decides; nobody in the first quarter. */
function killPlan(): Killing[] {
  const random = seededRandom(seed);
  const below = (bound: number): number => new DataView(random(4).buffer).getUint32(0) % bound;
  const kills = KILLS_EACH * parties.length;
  const first = Math.floor(COUNT / 4);
  const stretch = Math.floor((COUNT - first) / kills);
  const order = Array.from({ length: kills }, (_, at) => parties[at % parties.length] ?? 'host');
  for (let at = kills - 1; at > 0; at--) {
    const other = below(at + 1);
    [order[at], order[other]] = [order[other] ?? 'host', order[at] ?? 'host'];
  }
  return order.map((party, at) => ({
    party,
    afterPiece: first + at * stretch + below(Math.max(1, stretch - 5)),
    delay: below(25),
  }));
}

/** Amounts keyed in, weighed pieces and fixed ones, in turn. */
function listOf(pieces: number): string {
  const rows = Array.from({ length: pieces }, (_, at) => {
    const postage = at % 10 === 0 ? ['30', '', '28'] : ['100', `0.${160 + (at % 40)}`, ''];
    return `piece ${at},${postage.join(',')},20260,A. Reader|${at} Main Street`;
  });
  return `reference,service,postage,weight,destination,addressee\n${rows.join('\n')}\n`;
}

async function isDone({ job }: BatchScene): Promise<boolean> {
  await using open = await openJob(job);
  const { confirmed, spoiled } = open.figures;
  return confirmed + spoiled === open.description.pieces;
}

/** Paper, journal and meter tell the same. */
async function expectAgreement(scene: BatchScene): Promise<void> {
  await using job = await openJob(scene.job);
  const labels = await scene.labels();
  const wrong: string[] = [];
  const numbers: number[] = [];
  let total = 0;
  for await (const { reference, state, indicium, postage } of manifestRows(job)) {
    const hex = Buffer.from(indicium ?? []).toString('hex');
    const read = readIndicium(indicium ?? new Uint8Array());
    const times = labels.get(hex) ?? 0;
    const isRight = state === 'confirmed' ? times === 1 : state === 'spoiled' && times === 0;
    if (!isRight || !read.ok || read.value.postage !== postage)
      wrong.push(`${reference} is ${state}, ${times} labels`);
    if (read.ok) numbers.push(read.value.pieceCount);
    total += postage ?? 0;
  }
  expect(wrong).toEqual([]);
  expect(numbers.toSorted((left, right) => left - right)).toEqual(
    Array.from({ length: COUNT }, (_, at) => at + 1),
  );
  expect(labels.size).toBe(job.figures.confirmed);
  const { figures } = await cliDone('meter', 'registers', ...scene.asUser);
  expect(figures('registers')).toMatchObject({
    ascendingMills: total,
    descendingMills: FUNDS * 1_000 - total,
    pieceCount: COUNT,
  });
}

/** The longest run of the host tells whether its memory grows with the pieces. */
function memoryGrowth(runs: readonly RunFigures[]): { growth: number; most: number } {
  const longest = runs.toSorted((left, right) => right.pieces - left.pieces)[0]?.memory ?? [];
  const third = Math.ceil(longest.length / 3);
  const most = Math.max(...runs.flatMap(({ memory }) => memory));
  return {
    growth: Math.max(...longest.slice(-third)) - Math.max(...longest.slice(0, third)),
    most,
  };
}

test(
  `${COUNT} pieces, meter, cable, host and printer killed ${KILLS_EACH} times each (TESSERA_SEED=${seed})`,
  async () => {
    await using world = await openWorld();
    await cliDone(
      'provider',
      'pay',
      '--customer',
      '1',
      '--amount',
      `${FUNDS}`,
      ...world.atProvider,
    );
    await using scene = await openBatchScene(world, listOf(COUNT));
    await cliDone('meter', 'refill', '--amount', `${FUNDS - 100}`, ...scene.asUser);
    const plan = killPlan();
    const runs: RunFigures[] = [];

    const startMs = performance.now();
    for (let at = 0; at < plan.length + RUNS_SPARE; at++) {
      runs.push(await scene.run(plan[at]));
      await scene.tidyUp();
      if (await isDone(scene)) break;
    }
    const durationMs = Math.round(performance.now() - startMs);

    const { growth, most } = memoryGrowth(runs);
    const figures = {
      ...{ seed, pieces: COUNT, runs: runs.length, durationMs },
      ...{ memoryMostMiB: most / MEBIBYTE, memoryGrowthMiB: growth / MEBIBYTE },
      killed: plan.map(({ party, afterPiece, delay }) => `${party} ${afterPiece}+${delay}`),
    };
    process.stdout.write(`${JSON.stringify({ lane: 'batch', ...figures })}\n`);
    expect(runs.length).toBeGreaterThan(plan.length / 2); // or nobody was killed in the middle
    expect(runs[0]?.last).toMatchObject({
      pieces: COUNT,
      piecesPerSecond: expect.any(Number),
      secondsLeft: expect.any(Number),
    });
    expect(growth).toBeLessThan(GROWTH_MAX);
    await expectAgreement(scene);
  },
  TIMEOUT_MS,
);
