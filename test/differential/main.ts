/** `npm run differential`: the same life on every processor, byte for byte (ARCHITECTURE.md, "always true" 1). */

import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { allCpus, type Failure, nothingSeen, sumOf, type Tally } from './run.ts';
import { type Speed, speedOf } from './speed.ts';
import { createStages } from './stages.ts';
import type { News, Share } from './worker.ts';

const HELP = `Usage: npm run differential -- [--traces N] [--seed N] [--workers N]

Generates lives of a meter (every command, right and wrong, power cuts in every tear mode, clock, housing, noise on
the line), lives each of them through on node:vm and records it as a trace, and replays that on the other engines: every call
of the hardware must be the same byte for byte, and so all that leaves the board.

Options:
  --traces N   how many lives; 1,000 by default
  --seed N     of the first one; the others follow. 1 by default
  --workers N  threads; as many as there are processors by default
  --help       this text
`;
const PROGRESS_MS = 5_000;

interface Options {
  readonly traces: number;
  readonly seed: number;
  readonly workers: number;
}

/** Undefined where the command line is not one of ours. */
function readOptions(): (Options & { readonly help: boolean }) | undefined {
  try {
    const { values } = parseArgs({
      options: {
        traces: { type: 'string', default: '1000' },
        seed: { type: 'string', default: '1' },
        workers: { type: 'string', default: String(availableParallelism()) },
        help: { type: 'boolean', default: false },
      },
    });
    const [traces, seed, workers] = [values.traces, values.seed, values.workers].map(Number);
    for (const number of [traces, seed, workers])
      if (!Number.isSafeInteger(number) || (number as number) < 1)
        throw new RangeError('The options take whole numbers from 1 on.');
    return { traces, seed, workers, help: values.help } as Options & { help: boolean };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return undefined;
  }
}

interface Result {
  readonly tally: Tally;
  readonly failures: readonly Failure[];
}

/** Splits the traces over threads; what comes of it does not depend on how many. */
async function runAll({ traces, seed, workers }: Options): Promise<Result> {
  let tally = nothingSeen;
  const failures: Failure[] = [];
  const began = performance.now();
  const report = (): void => {
    const perSecond = tally.traces / ((performance.now() - began) / 1000);
    const left = perSecond > 0 ? Math.round((traces - tally.traces) / perSecond) : undefined;
    process.stderr.write(`${tally.traces} of ${traces} traces, ${left ?? '?'} s left\n`);
  };
  const timer = process.stderr.isTTY ? setInterval(report, PROGRESS_MS) : undefined;
  const threads = Array.from({ length: Math.min(workers, traces) }, async (_, offset) => {
    const share: Share = { seed, traces, offset, stride: Math.min(workers, traces) };
    const thread = new Worker(new URL('./worker.ts', import.meta.url), { workerData: share });
    thread.on('message', (news: News) => {
      tally = sumOf(tally, news.tally);
      failures.push(...news.failures);
      for (const { text } of news.failures) process.stdout.write(text);
    });
    await once(thread, 'exit');
  });
  await Promise.all(threads);
  clearInterval(timer);
  return { tally, failures: failures.toSorted((left, right) => left.seed - right.seed) };
}

async function speeds(): Promise<Speed[]> {
  const cpus = await allCpus();
  const refilled = await createStages(cpus[0])('refilled');
  const found: Speed[] = [];
  for (const cryptoEngine of [true, false])
    for (const cpu of cpus) found.push(await speedOf(cpu, cryptoEngine, refilled));
  return found;
}

function speedTable(found: readonly Speed[]): string {
  const lines = found.map(
    ({ cpu, cryptoEngine, bootMs, indiciumMs }) =>
      `  ${cpu.padEnd(16)} ${cryptoEngine ? 'with' : 'without'.padEnd(7)} crypto engine`.padEnd(
        42,
      ) +
      `${bootMs.toFixed(1).padStart(8)} ms a boot ${indiciumMs.toFixed(2).padStart(8)} ms an indicium`,
  );
  return `${lines.join('\n')}\n`;
}

/** @returns the exit code: 0 all the same, 1 a difference, 2 usage */
async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const began = performance.now();
  const { tally, failures } = await runAll(options);
  const durationMs = Math.round(performance.now() - began);
  const found = await speeds();
  const { verdicts, ...counts } = tally;
  const succeeded = Object.keys(verdicts).filter((verdict) => verdict.endsWith(' ok'));
  const isWhole = tally.traces === options.traces;
  if (!isWhole) process.stdout.write('A thread ended before its time.\n');
  process.stdout.write(
    `${tally.traces} traces of ${tally.steps} steps and ${tally.events} events on ${found.length / 2} engines: ` +
      `${succeeded.length} commands were performed, ${Object.keys(verdicts).length - succeeded.length} ways refused, ` +
      `${failures.length} differences\n${speedTable(found)}`,
  );
  const line = {
    script: 'differential',
    seed: options.seed,
    ...counts,
    performed: succeeded.length,
  };
  const ways = { refusals: Object.keys(verdicts).length - succeeded.length };
  const ends = { differences: failures.length, durationMs, speeds: found };
  process.stdout.write(`${JSON.stringify({ ...line, ...ways, ...ends })}\n`);
  return failures.length === 0 && isWhole ? 0 : 1;
}

process.exitCode = await main();
