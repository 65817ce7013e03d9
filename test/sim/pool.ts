/** Runs many seeds, each in a world of its own, over all processors of this machine. */

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { RunResult } from './run.ts';
import type { Template } from './world.ts';

/** What a worker is started with. */
export interface WorkerOptions {
  readonly template: Template;
  readonly steps: number;
}

export interface PoolOptions extends WorkerOptions {
  readonly firstSeed: number;
  readonly count: number;
  /** Told each result as it comes, in no order. */
  readonly onResult: (result: RunResult) => void;
}

/** @throws what a worker throws: a defect of the simulation itself */
export async function runSeeds({
  firstSeed,
  count,
  onResult,
  ...workerOptions
}: PoolOptions): Promise<void> {
  const seeds = Array.from({ length: count }, (_, at) => firstSeed + at).values();
  const size = Math.min(count, availableParallelism());
  await Promise.all(Array.from({ length: size }, () => runWorker(workerOptions, seeds, onResult)));
}

/** More than a few worlds need; without it each worker leaves gigabytes to be collected. */
const resourceLimits = { maxOldGenerationSizeMb: 768 };

/** One worker, from seed to seed. */
function runWorker(
  workerData: WorkerOptions,
  seeds: Iterator<number>,
  onResult: (result: RunResult) => void,
): Promise<void> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData,
    resourceLimits,
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  function next(): void {
    const { value, done } = seeds.next();
    worker.postMessage(done === true ? undefined : value);
  }
  worker.on('message', (result: RunResult) => {
    onResult(result);
    next();
  });
  worker.on('error', reject);
  worker.on('exit', () => resolve());
  next();
  return promise;
}
