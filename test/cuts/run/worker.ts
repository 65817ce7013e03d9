/** A thread that performs parts of a run, one after the other, as it is sent them. */

import { parentPort, workerData } from 'node:worker_threads';
import { createContext } from '../campaigns/context.ts';
import { perform } from '../campaigns/task.ts';
import { createWorkshop, type WorkshopOptions } from '../meter/workshop.ts';
import type { FromWorker, ToWorker } from './pool.ts';

/** How often it says how far it is. */
const PROGRESS_MS = 200;

let done = 0;
let toldMs = performance.now();

function say(message: FromWorker): void {
  parentPort?.postMessage(message);
}

function progress(count: number): void {
  done += count;
  const nowMs = performance.now();
  if (nowMs - toldMs < PROGRESS_MS) return;
  say({ kind: 'progress', count: done });
  [done, toldMs] = [0, nowMs];
}

const context = createContext(createWorkshop(workerData as WorkshopOptions), progress);

parentPort?.on('message', ({ place, task }: ToWorker) => {
  perform(context, task).then(
    (tally) => say({ kind: 'done', place, tally }),
    (error: unknown) => say({ kind: 'failed', place, reason: String((error as Error).stack) }),
  );
});
