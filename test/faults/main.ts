/** `npm run faults`: one fault at a time at every place of the image that an attack passes. */

import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { attacks } from './attacks.ts';
import { runAttack, type Tally } from './campaign.ts';
import { createInjector } from './injector.ts';
import type { Outcome } from './run.ts';
import type { News, Share } from './worker.ts';

const HELP = `Usage: npm run faults -- [--attack TEXT] [--every N] [--seed N] [--workers N]
       npm run faults -- --attack TEXT --site N --pass N

Attacks a meter while its processor makes one mistake: a condition or comparison of our own sources comes out the other way
round, or a call does not happen, once, at each place that the attack passes (the first three times and the last). No
money may be made by it, no indicium leave without its debit, no try of a password be had for nothing, nobody let in, and no
forged document taken.

Options:
  --attack TEXT  only the attacks whose name holds this text
  --every N      every N-th fault, from one that the seed chooses; all of them by default
  --seed N       for --every; 1 by default
  --site N       this place alone, with --pass: what a violation prints to be seen again
  --pass N       the fault happens when the place is passed for the N-th time
  --workers N    threads; as many as there are processors by default
  --help         this text
`;
const PROGRESS_MS = 5_000;

interface Options {
  readonly attack: string;
  readonly every: number;
  readonly seed: number;
  readonly workers: number;
  readonly site: number | undefined;
  readonly pass: number;
}

/** Undefined where the command line is not one of ours. */
function readOptions(): (Options & { readonly help: boolean }) | undefined {
  try {
    const { values } = parseArgs({
      options: {
        attack: { type: 'string', default: '' },
        every: { type: 'string', default: '1' },
        seed: { type: 'string', default: '1' },
        workers: { type: 'string', default: String(availableParallelism()) },
        site: { type: 'string' },
        pass: { type: 'string', default: '1' },
        help: { type: 'boolean', default: false },
      },
    });
    const whole = (text: string, least: number): number => {
      const number = Number(text);
      if (!Number.isSafeInteger(number) || number < least)
        throw new RangeError(`${text} is no whole number from ${least} on.`);
      return number;
    };
    return {
      attack: values.attack,
      every: whole(values.every, 1),
      seed: whole(values.seed, 0),
      workers: whole(values.workers, 1),
      site: values.site === undefined ? undefined : whole(values.site, 0),
      pass: whole(values.pass, 1),
      help: values.help,
    };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return undefined;
  }
}

/** The attacks in equal shares; each thread works through its own. */
function sharesOf({ attack, every, seed, workers }: Options): Share[] {
  const names = attacks.map(({ name }) => name).filter((name) => name.includes(attack));
  const shares = Array.from({ length: Math.min(workers, names.length) }, (_, worker) =>
    names.filter((__, place) => place % workers === worker),
  );
  return shares.map((share) => ({ attacks: share, every, offset: seed }));
}

async function runAll(options: Options): Promise<Tally[]> {
  const tallies: Tally[] = [];
  let count = 0;
  const showProgress = () => {
    if (process.stderr.isTTY) process.stderr.write(`\r${count} faults`);
  };
  const timer = setInterval(showProgress, PROGRESS_MS);
  try {
    await Promise.all(
      sharesOf(options).map(async (share) => {
        const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: share });
        worker.on('message', (news: News) => {
          if (news.kind === 'trials') count += news.count;
          else {
            tallies.push(news.tally);
            print(news.tally);
          }
        });
        const [exitCode] = (await once(worker, 'exit')) as [number];
        if (exitCode !== 0) throw new Error('a thread ended early');
      }),
    );
  } finally {
    clearInterval(timer);
  }
  return tallies;
}

async function runOne({ attack, site, pass }: Options): Promise<Tally[]> {
  const injector = await createInjector();
  const chosen = attacks.filter(({ name }) => name.includes(attack));
  const tallies: Tally[] = [];
  for (const one of chosen)
    tallies.push(
      await runAttack(one, injector, (trial) => trial.site === site && trial.pass === pass),
    );
  for (const tally of tallies) print(tally);
  return tallies;
}

function print({ attack, trials, outcomes, violations }: Tally): void {
  const figures = Object.entries(outcomes).map(([outcome, count]) => `${outcome} ${count}`);
  process.stdout.write(`${attack}: ${trials} faults · ${figures.join(' · ')}\n`);
  for (const { site, pass, place, found } of violations)
    process.stdout.write(
      `  VIOLATION ${place}\n    ${found.join('; ')}\n    npm run faults -- --attack '${attack}' --site ${site} --pass ${pass}\n`,
    );
}

const options = readOptions();
if (options === undefined) process.exitCode = 2;
else if (options.help) process.stdout.write(HELP);
else {
  const tallies = options.site === undefined ? await runAll(options) : await runOne(options);
  const sum = (outcome: Outcome): number =>
    tallies.reduce((all, { outcomes }) => all + (outcomes[outcome] ?? 0), 0);
  const faults = tallies.reduce((all, { trials }) => all + trials, 0);
  const violations = tallies.reduce((all, tally) => all + tally.violations.length, 0);
  const figures = {
    script: 'faults',
    attacks: tallies.length,
    faults,
    refused: sum('refused'),
    stopped: sum('stopped'),
    other: sum('other'),
    missed: sum('missed'),
    violations,
    durationMs: Math.round(performance.now()),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  if (violations > 0 || faults === 0) process.exitCode = 1;
}
