/** `npm run cuts`: every power cut, judged by money through the real driver (docs/cuts.md). */

import { createContext } from '../campaigns/context.ts';
import type { Tally } from '../campaigns/tally.ts';
import { createWorkshop } from '../meter/workshop.ts';
import { HELP, type Options, readOptions } from './options.ts';
import { planOf } from './plan.ts';
import { performAll } from './pool.ts';
import { createProgress } from './progress.ts';
import { joined, jsonLine, tables, violationLines } from './report.ts';

async function findings(options: Options): Promise<Tally[]> {
  const { seed, hasEngine, workers, isQuiet } = options;
  const workshop = { seed, hasEngine };
  const context = createContext(createWorkshop(workshop), () => undefined);
  const { parts, operations } = await planOf(context, options);
  const progress = createProgress(parts, isQuiet);
  const tasks = parts.map(({ task }) => task);
  const tallies = await performAll(tasks, {
    workers,
    workshop,
    onProgress: progress.add,
    onDone: progress.partDone,
  });
  progress.end();
  return joined(tallies).map((tally) =>
    tally.campaign === 'single'
      ? { ...tally, figures: { operations: operations[tally.name] ?? 0, ...tally.figures } }
      : tally,
  );
}

/** @returns the exit code: 0 all is well, 1 violations, or it could not be done, 2 usage */
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
  const beginMs = performance.now();
  const tallies = await findings(options);
  const violations = tallies.reduce((count, tally) => count + tally.violations.length, 0);
  if (!options.isQuiet) process.stdout.write(tables(tallies));
  process.stderr.write(violationLines(tallies, options));
  process.stdout.write(`${jsonLine(tallies, options, performance.now() - beginMs)}\n`);
  return violations > 0 ? 1 : 0;
}

process.exitCode = await main();
