/** `npm run sim`: whole worlds in one process, each decided by one number (docs/sim.md). */

import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { makeTemplate } from './make-template.ts';
import { makePlan, type Plan } from './plan.ts';
import { runSeeds } from './pool.ts';
import { trackSeeds } from './progress.ts';
import { type FoundViolation, type RunResult, runPlan } from './run.ts';
import { type Shrunk, shrink } from './shrink.ts';
import type { Template } from './world.ts';

const STEPS_DEFAULT = 24;
const SHRINK_RUNS_MAX = 150;

const HELP = `Usage: npm run sim -- [--seed N] [--steps N] [--seeds COUNT] [--keep LIST] [--no-shrink] [--trace]

Runs a simulated world: meters with the real image, hosts with the real driver, the real provider and authority, on one
clock and from one seed, with every fault that docs/sim.md names. What must always hold is checked after each step.

Options:
  --seed N       the number that decides everything (default 1)
  --steps N      how much is planned in each world (default ${STEPS_DEFAULT})
  --seeds COUNT  runs so many seeds from --seed on, over all processors
  --keep LIST    of the plan of one seed only the entries at these places, as 3,17,18
  --no-shrink    does not look for the shortest plan that fails
  --trace        prints everything that happens in the world of one seed
  --help         this text
`;

interface Options {
  readonly seed: number;
  readonly steps: number;
  readonly seeds: number;
  readonly keep: readonly number[] | undefined;
  readonly isShrinking: boolean;
  readonly isTraced: boolean;
}

/** Undefined where the command line is not one of ours. */
function readOptions(): Options | 'help' | undefined {
  try {
    const { values } = parseArgs({
      allowNegative: true,
      options: {
        seed: { type: 'string', default: '1' },
        steps: { type: 'string', default: String(STEPS_DEFAULT) },
        seeds: { type: 'string', default: '1' },
        keep: { type: 'string' },
        shrink: { type: 'boolean', default: true },
        trace: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return 'help';
    return {
      seed: numberOf('--seed', values.seed),
      steps: numberOf('--steps', values.steps),
      seeds: numberOf('--seeds', values.seeds),
      keep: values.keep?.split(',').map((place) => numberOf('--keep', place)),
      isShrinking: values.shrink,
      isTraced: values.trace,
    };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return undefined;
  }
}

function numberOf(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${option} takes whole numbers, not ${text}`);
  return Number(text);
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** One line of JSON over all results, in the order of their seeds. */
function summary(options: Options, results: readonly RunResult[], durationMs: number): string {
  const inOrder = results.toSorted((left, right) => left.seed - right.seed);
  const digest = createHash('sha256');
  const faults: Record<string, number> = {};
  const kinds: Record<string, number> = {};
  let transactions = 0;
  for (const result of inOrder) {
    digest.update(result.digest);
    transactions += result.transactions;
    add(faults, result.faults);
    add(kinds, result.tally);
  }
  const violations = results.filter(({ violation }) => violation !== undefined).length;
  return JSON.stringify({
    script: 'sim',
    seed: options.seed,
    seeds: options.seeds,
    steps: options.steps,
    transactions,
    kinds,
    faults,
    digest: inOrder.length === 1 ? inOrder[0]?.digest : digest.digest('hex'),
    transactionsPerSecond: Math.round((transactions * 1_000) / durationMs),
    durationMs: Math.round(durationMs),
    violations,
  });
}

function add(sums: Record<string, number>, counts: Readonly<Partial<Record<string, number>>>) {
  for (const [name, count = 0] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
}

function command({ seed, steps, entries }: Plan): string {
  const isWhole = entries.length === steps;
  const keep = isWhole ? '' : ` --keep ${entries.map(({ place }) => place).join(',')}`;
  return `npm run sim -- --seed ${seed} --steps ${steps}${keep}`;
}

function tellViolation(plan: Plan, { message, entry }: FoundViolation): void {
  const where = entry === undefined ? 'after the last step' : `step ${entry.place}, ${entry.name}`;
  say(`\nseed ${plan.seed}, ${where}\n  ${message}\nagain: ${command(plan)}`);
}

function tellShrunk({ plan, violation, runs }: Shrunk): void {
  say(`\nThe shortest plan that was found to fail so, in ${runs} runs:`);
  for (const { place, name, gapMs } of plan.entries) say(`  ${place} ${name}, then ${gapMs} ms`);
  tellViolation(plan, violation);
}

/** @returns whether nothing was found */
async function simulate(options: Options): Promise<boolean> {
  const { seed, seeds, steps, keep, isTraced } = options;
  const nowMs = performance.now.bind(performance); // a world replaces it
  const template = await makeTemplate();
  const startMs = nowMs();
  const results: RunResult[] = [];
  function take(result: RunResult): void {
    results.push(result);
    const { violation } = result;
    if (violation !== undefined) tellViolation(makePlan(result.seed, steps, keep), violation);
  }
  if (seeds === 1) {
    const show = isTraced ? say : undefined;
    take(await runPlan(makePlan(seed, steps, keep), { template, show }));
  } else {
    const progress = trackSeeds(seeds, nowMs);
    await runSeeds({
      ...{ template, steps, firstSeed: seed, count: seeds },
      onResult(result) {
        take(result);
        progress.add(result);
      },
    });
    progress.end();
  }
  const durationMs = nowMs() - startMs;
  const failed = results.filter(({ violation }) => violation !== undefined);
  if (options.isShrinking) await shrinkFirst(options, template, failed);
  say(summary(options, results, durationMs));
  return failed.length === 0;
}

async function shrinkFirst(
  { steps, keep }: Options,
  template: Template,
  failed: readonly RunResult[],
): Promise<void> {
  const [first] = failed.toSorted((left, right) => left.seed - right.seed);
  if (first?.violation === undefined) return;
  const shrunk = await shrink(makePlan(first.seed, steps, keep), first.violation, {
    run: async (plan) => (await runPlan(plan, { template })).violation,
    runsMax: SHRINK_RUNS_MAX,
  });
  tellShrunk(shrunk);
}

/** @returns the exit code: 0 nothing found, 1 a violation, 2 usage */
async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  if (options !== 'help') return (await simulate(options)) ? 0 : 1;
  process.stdout.write(HELP);
  return 0;
}

process.exitCode = await main();
