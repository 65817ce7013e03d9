/** Runs the parts of a plan on threads; what comes out is in the order of the plan, however many there are. */

import { Worker } from 'node:worker_threads';
import type { Tally } from '../campaigns/tally.ts';
import type { Task } from '../campaigns/task.ts';
import type { WorkshopOptions } from '../meter/workshop.ts';

export interface ToWorker {
  readonly place: number;
  readonly task: Task;
}

export type FromWorker =
  | { readonly kind: 'progress'; readonly count: number }
  | { readonly kind: 'done'; readonly place: number; readonly tally: Tally }
  | { readonly kind: 'failed'; readonly place: number; readonly reason: string };

/** Of memory that is looked through often; what a boot leaves behind is much. */
const YOUNG_MB = 64;

export interface PoolOptions {
  readonly workers: number;
  readonly workshop: WorkshopOptions;
  /** Told of cuts, flips or commits since the last call. */
  readonly onProgress: (count: number) => void;
  /** Told of each part that is done. */
  readonly onDone: (place: number) => void;
}

/** @throws Error where a thread died or a part could not be performed at all */
export async function performAll(tasks: readonly Task[], options: PoolOptions): Promise<Tally[]> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const tallies = new Array<Tally | undefined>(tasks.length);
  const workers: Worker[] = [];
  let next = 0;
  let left = tasks.length;

  function send(worker: Worker): void {
    const task = tasks[next];
    if (task === undefined) return;
    const message: ToWorker = { place: next, task };
    next += 1;
    worker.postMessage(message);
  }

  function hear(worker: Worker, message: FromWorker): void {
    switch (message.kind) {
      case 'progress':
        options.onProgress(message.count);
        break;
      case 'failed':
        reject(new Error(`${JSON.stringify(tasks[message.place])}: ${message.reason}`));
        break;
      case 'done':
        tallies[message.place] = message.tally;
        left -= 1;
        options.onDone(message.place);
        if (left === 0) resolve();
        else send(worker);
    }
  }

  for (let index = 0; index < Math.min(options.workers, tasks.length); index += 1) {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: options.workshop,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    worker.on('message', (message: FromWorker) => hear(worker, message));
    worker.on('error', reject);
    workers.push(worker);
    send(worker);
  }
  try {
    await promise;
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return tallies as Tally[]; // all of them are there
}
