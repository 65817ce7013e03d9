/** A thread that runs one seed after the other, as it is told, until it is told none. */

import { parentPort, workerData } from 'node:worker_threads';
import { makePlan } from './plan.ts';
import type { WorkerOptions } from './pool.ts';
import { runPlan } from './run.ts';

const { template, steps } = workerData as WorkerOptions;

parentPort?.on('message', async (seed: number | undefined) => {
  if (seed === undefined) parentPort?.close();
  else parentPort?.postMessage(await runPlan(makePlan(seed, steps), { template }));
});
