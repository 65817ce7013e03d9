/** Threads that work through the targets, and somebody who watches that each execution ends. */

import { Worker } from 'node:worker_threads';
import type { LoopReport } from '../engine/loop.ts';
import { INPUT_SIZE_MAX, type Memory, type News, type Task } from './task.ts';

/** An execution that takes so long never ends: hundreds of times what a slow one may take. */
const HANG_MS = 20_000;
const LOOK_MS = 1_000;

export interface PoolOptions {
  readonly workers: number;
  readonly onProgress: (executions: number) => void;
  readonly onReport: (report: LoopReport) => void;
}

export async function performAll(
  tasks: readonly Task[],
  options: PoolOptions,
): Promise<LoopReport[]> {
  const left = [...tasks];
  const reports: LoopReport[] = [];
  const threads = Array.from({ length: Math.min(options.workers, tasks.length) }, async () => {
    while (left.length > 0) reports.push(...(await serve(left, options)));
  });
  await Promise.all(threads);
  return reports;
}

/** One thread until nothing is left to do, or until it hangs, which is a finding. */
async function serve(left: Task[], options: PoolOptions): Promise<LoopReport[]> {
  const memory = newMemory();
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: memory });
  const reports: LoopReport[] = [];
  let task: Task | undefined;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  function take(report: LoopReport): void {
    reports.push(report);
    options.onReport(report);
  }
  worker.on('error', reject);
  worker.on('message', (news: News) => {
    if (news.kind === 'progress') options.onProgress(news.executions);
    else {
      if (news.kind === 'report') take(news.report);
      task = left.shift();
      if (task === undefined) resolve();
      else worker.postMessage(task);
    }
  });
  const watch = watchFor(memory, () => {
    if (task !== undefined) take(hangOf(task, memory));
    resolve();
  });
  try {
    await promise;
  } finally {
    clearInterval(watch);
    await worker.terminate();
  }
  return reports;
}

function newMemory(): Memory {
  return {
    clock: new Int32Array(new SharedArrayBuffer(8)),
    input: new Uint8Array(new SharedArrayBuffer(INPUT_SIZE_MAX)),
  };
}

function watchFor({ clock }: Memory, onHang: () => void): NodeJS.Timeout {
  let seen = 0;
  let sinceMs = performance.now();
  return setInterval(() => {
    const now = Atomics.load(clock, 0);
    if (now !== seen || now === 0) {
      seen = now;
      sinceMs = performance.now();
    } else if (performance.now() - sinceMs > HANG_MS) onHang();
  }, LOOK_MS);
}

function hangOf({ target }: Task, { clock, input }: Memory): LoopReport {
  const size = Math.min(Atomics.load(clock, 1), INPUT_SIZE_MAX);
  return {
    target,
    executions: Atomics.load(clock, 0),
    durationMs: HANG_MS,
    corpus: [],
    branches: 0,
    branchesInReach: 0,
    slowestMs: HANG_MS,
    growth: undefined,
    findings: [
      { what: 'an execution does not end', input: Uint8Array.from(input.subarray(0, size)) },
    ],
  };
}
