/** `npm run fuzz`: every decoder below its seal (docs/fuzz.md). */

import type { LoopReport } from '../engine/loop.ts';
import type { Target } from '../target.ts';
import { keepAll, readKept } from './kept.ts';
import { loadTargets } from './load.ts';
import { HELP, type Options, readOptions } from './options.ts';
import { performAll } from './pool.ts';
import { findingLines, jsonLine, targetLine } from './report.ts';
import type { Task } from './task.ts';

const PROGRESS_MS = 5_000;

/** Each target once; of so many executions each gets its share, of a time all the same. */
function tasksOf(chosen: readonly Target[], options: Options): Task[] {
  const shares = chosen.reduce((sum, { share }) => sum + share, 0);
  const { executions, seconds, workers, seed, corpus } = options;
  const forMs =
    seconds === undefined
      ? undefined
      : (seconds * 1_000 * Math.min(workers, chosen.length)) / chosen.length;
  return chosen
    .toSorted((one, other) => one.share - other.share) // the slow ones first, so that no thread waits for one at the end
    .map(({ name, share }) => ({
      target: name,
      seed,
      executions: executions === undefined ? undefined : Math.ceil((executions * share) / shares),
      forMs,
      kept: readKept(corpus, name),
    }));
}

async function fuzz(chosen: readonly Target[], options: Options): Promise<LoopReport[]> {
  let count = 0;
  const timer = setInterval(() => {
    if (process.stderr.isTTY && !options.isQuiet) process.stderr.write(`\r${count} executions`);
  }, PROGRESS_MS);
  try {
    return await performAll(tasksOf(chosen, options), {
      workers: options.workers,
      onProgress: (executions) => {
        count += executions;
      },
      onReport(report) {
        if (!options.isQuiet) process.stderr.write(targetLine(report));
        process.stderr.write(findingLines(report));
        if (options.corpus !== undefined) keepAll(options.corpus, report.target, report.corpus);
      },
    });
  } finally {
    clearInterval(timer);
  }
}

/** @returns the exit code */
async function runOne(name: string, input: Uint8Array): Promise<number> {
  const { targets } = await loadTargets();
  const target = targets.find((one) => one.name === name);
  if (target === undefined) throw new Error(`There is no target '${name}'.`);
  await target.seeds();
  try {
    await target.run(input);
  } catch (error) {
    process.stderr.write(`${(error as Error).stack}\n`);
    return 1;
  }
  process.stderr.write('nothing is wrong with it\n');
  return 0;
}

/** @returns the exit code: 0 all is well, 1 findings, 2 usage */
async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (options.wantsHelp) {
    process.stdout.write(HELP);
    return 0;
  }
  if (options.input !== undefined) return runOne(options.target, options.input);
  const { targets } = await loadTargets();
  const chosen = targets.filter(({ name }) => name.includes(options.target));
  if (chosen.length === 0) {
    process.stderr.write(`No target is called '${options.target}'.\n`);
    return 2;
  }
  const beginMs = performance.now();
  const reports = await fuzz(chosen, options);
  process.stdout.write(`${jsonLine(reports, options.seed, performance.now() - beginMs)}\n`);
  return reports.some(({ findings }) => findings.length > 0) ? 1 : 0;
}

process.exitCode = await main();
