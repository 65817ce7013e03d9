/** One number decides everything in a simulated world, and nothing is found in the first few of them. */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeTemplate } from './make-template.ts';
import { makePlan } from './plan.ts';
import { type RunResult, runPlan } from './run.ts';
import type { Template } from './world.ts';

const STEPS = 24;

let template: Template;
beforeAll(async () => {
  template = await makeTemplate();
});

const runSeed = (seed: number): Promise<RunResult> => runPlan(makePlan(seed, STEPS), { template });

describe('the same seed', () => {
  test('gives the same world, down to the last byte, in another thread too', async () => {
    const first = await runSeed(1);

    const second = await runSeed(1);
    const worker = new Worker(new URL('worker.ts', import.meta.url), {
      workerData: { template, steps: STEPS },
    });
    worker.postMessage(1);
    const [third] = (await once(worker, 'message')) as [RunResult];
    await worker.terminate();

    expect(first.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(second).toEqual(first);
    expect(third).toEqual(first);
  });

  test('in a template made anew too', async () => {
    const other = await makeTemplate();

    const result = await runPlan(makePlan(2, STEPS), { template: other });

    expect(result).toEqual(await runSeed(2));
  });
});

test('another seed gives another world', async () => {
  expect((await runSeed(3)).digest).not.toBe((await runSeed(4)).digest);
});

test.each([5, 6, 7, 8])('nothing is violated in the world of seed %i', async (seed) => {
  const { violation, transactions } = await runSeed(seed);

  expect(violation).toBeUndefined();
  expect(transactions).toBeGreaterThan(10);
});
