/** `npm run passwords`: guesses at a password with power cuts at any byte, and one guess cut at every byte (docs/self-tests.md). */

import { parseArgs } from 'node:util';
import { cutEverywhere, guessesBefore, runSequence, type Tally } from './sequences.ts';

const HELP = `Usage: npm run passwords -- [--sequences N] [--seed N] [--step N]

Guesses at the user's password of a real meter, with power cut at any byte of any program: no guess beyond the limit is
judged, and none before its delay is over. Then one guess is cut at every byte of all that it writes.

Options:
  --sequences N  sequences of guesses, 200 by default
  --seed N       of the first of them, 1 by default
  --step N       of one guess every N-th byte, 1 by default; 0 for none
  --help         this text
`;

interface Options {
  readonly sequences: number;
  readonly seed: number;
  readonly step: number;
}

/** Undefined where the command line is not one of ours. */
function readOptions(): Options | 'help' | undefined {
  try {
    const { values } = parseArgs({
      options: {
        sequences: { type: 'string', default: '200' },
        seed: { type: 'string', default: '1' },
        step: { type: 'string', default: '1' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return 'help';
    const { sequences, seed, step } = values;
    return { sequences: whole(sequences), seed: whole(seed), step: whole(step) };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return undefined;
  }
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${text} is no whole number.`);
  return Number(text);
}

async function findings({ sequences, seed, step }: Options): Promise<Tally[]> {
  const tallies: Tally[] = [];
  for (let number = 0; number < sequences; number++) {
    tallies.push(await runSequence(seed + number));
    if (process.stderr.isTTY) process.stderr.write(`\r${number + 1} of ${sequences}`);
  }
  if (step > 0) for (const before of guessesBefore) tallies.push(await cutEverywhere(before, step));
  return tallies;
}

/** @returns the exit code: 0 nothing found, 1 a violation, 2 usage */
async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  if (options === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  const begin = performance.now();
  const tallies = await findings(options);
  const sum = (count: (tally: Tally) => number): number =>
    tallies.reduce((total, tally) => total + count(tally), 0);
  const violations = tallies.flatMap((tally) => tally.violations);
  for (const violation of violations) process.stderr.write(`violation: ${violation}\n`);
  process.stdout.write(
    `${JSON.stringify({
      script: 'passwords',
      ...options,
      guesses: sum(({ guesses }) => guesses),
      judged: sum(({ judged }) => judged),
      cuts: sum(({ cuts }) => cuts),
      lockedOut: sum(({ lockedOut }) => lockedOut),
      violations: violations.length,
      durationMs: Math.round(performance.now() - begin),
    })}\n`,
  );
  return violations.length === 0 ? 0 : 1;
}

process.exitCode = await main();
