/** One thread: takes one target after the other, and tells what came of each. */

import { parentPort, workerData } from 'node:worker_threads';
import { runLoop } from '../engine/loop.ts';
import { loadTargets } from './load.ts';
import { INPUT_SIZE_MAX, type Memory, type News, type Task } from './task.ts';

const { clock, input } = workerData as Memory;
const { bundle, targets } = await loadTargets();
const tell = (news: News): void => parentPort?.postMessage(news);

/** For whoever watches from outside: what is run now, and since when, as a count that goes on. */
function onInput(bytes: Uint8Array): void {
  input.set(bytes.subarray(0, INPUT_SIZE_MAX));
  Atomics.store(clock, 1, bytes.length);
  Atomics.add(clock, 0, 1);
}

async function perform(task: Task): Promise<void> {
  const target = targets.find(({ name }) => name === task.target);
  if (target === undefined) throw new Error(`there is no target ${task.target}`);
  const endMs = performance.now() + (task.forMs ?? Number.POSITIVE_INFINITY);
  const report = await runLoop({
    bundle,
    target,
    seed: task.seed,
    executions: task.executions ?? Number.POSITIVE_INFINITY,
    isOver: () => performance.now() > endMs,
    kept: task.kept,
    onInput,
    onProgress: (executions) => tell({ kind: 'progress', executions }),
    isWeighed: true,
  });
  tell({ kind: 'report', report });
}

parentPort?.on('message', (task: Task) => {
  // a target that cannot begin ends the thread, and with it the run
  perform(task).catch((error: unknown) => {
    throw error;
  });
});
tell({ kind: 'ready' });
