/** `npm run matrix`: every cell of the security policy's matrix, on the real image, by the driver, over TCP on loopback. */

import { parseArgs } from 'node:util';
import { commandNames } from '#protocol/command';
import { granted, objection } from '#tools/policy/matrix';
import { scenes, title } from '#tools/policy/situations';
import { cells, commandsAsked, policyOf, sampleOf, variants } from './cells.ts';
import { runCells, type Tally } from './run.ts';

const HELP = `Usage: npm run matrix -- [--sample N]

Asks the meter for every command, and for a code that is none, in every situation that the security policy knows (stage of
life, state, channel, caller), well-formed, a byte too short, a byte too long, with a bad tag, and replayed; over TCP on
loopback, by the driver. What is answered and what has changed must be what the policy says. Fails where anything else is.

Options:
  --sample N  so many of the cells, evenly out of all; all by default
  --help      this text
`;

/** Undefined where the command line is not one of ours. */
function readOptions(): { readonly sample: number; readonly help: boolean } | undefined {
  try {
    const { values } = parseArgs({
      options: {
        sample: { type: 'string', default: String(cells.length) },
        help: { type: 'boolean', default: false },
      },
    });
    const sample = Number(values.sample);
    if (!Number.isSafeInteger(sample) || sample < 1)
      throw new RangeError('--sample takes a whole number from 1 on.');
    return { sample, help: values.help };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return undefined;
  }
}

/** One line for each situation: of how many commands each is granted, and how many are refused. */
function coverage(): string {
  const lines = scenes.map((scene) => {
    const got = commandsAsked.filter(
      (name) => name !== 'unknown' && objection(name, scene) === undefined,
    ).length;
    const refused = commandsAsked.length - got;
    return `${String(got).padStart(3)} granted ${String(refused).padStart(3)} refused  ${title(scene)}`;
  });
  return `${lines.join('\n')}\n`;
}

function report({ executed, byDriver, deviations }: Tally, seconds: number): void {
  process.stdout.write(coverage());
  const unlisted = commandNames.filter((name) => !granted.has(name)).length * scenes.length;
  for (const { cell, why } of deviations) process.stderr.write(`deviation: ${cell}: ${why}\n`);
  process.stdout.write(
    `${JSON.stringify({
      script: 'matrix',
      situations: scenes.length,
      commands: commandsAsked.length,
      variants: variants.length,
      cells: cells.length,
      unlisted,
      executed,
      byDriver,
      deviations: deviations.length,
      seconds,
    })}\n`,
  );
}

/** @returns the exit code: 0 as the policy says, 1 otherwise, 2 usage */
async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const chosen = sampleOf(cells, options.sample);
  const began = performance.now();
  const tally = await runCells(chosen, policyOf, (executed) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${executed} of ${chosen.length}`);
  });
  report(tally, Math.round((performance.now() - began) / 100) / 10);
  return tally.deviations.length === 0 && tally.executed === chosen.length ? 0 : 1;
}

process.exitCode = await main();
