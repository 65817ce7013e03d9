/** `npm run updates`: power cut in every program and erase of a firmware update (docs/update.md). */

import { parseArgs } from 'node:util';
import { type TearMode, tearModes } from '#emulator/flash/tear';
import { rehearse } from './rehearsal.ts';
import { sweep, type Tally } from './sweep.ts';

const HELP = `Usage: npm run updates -- [--every N] [--tears MODES] [--seed N] [--thorough N] [--json]

Cuts the power of a meter in every program and erase of an update, in the flash of the registers and in the slot, switches it
on again twice, and updates it once more. What runs is the old image or the new one; money is as before.

Options:
  --every N      every N-th operation of the body; all of them by default
  --tears MODES  some of ${tearModes.join(',')}; all by default
  --seed N       chooses places in operations, and bits; 1 by default
  --thorough N   every N-th cut is followed by a whole update, the others by its first piece; 10 by default
  --json         says only the line of JSON that it ends with
  --help         this text
`;
const PROGRESS_EVERY = 50;
const ENDS = 12;

interface Options {
  readonly every: number;
  readonly tears: readonly TearMode[];
  readonly seed: number;
  readonly thoroughEvery: number;
  readonly isQuiet: boolean;
  readonly help: boolean;
}

/** Undefined where the command line is not one of ours. */
function readOptions(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: {
        every: { type: 'string', default: '1' },
        tears: { type: 'string', default: tearModes.join(',') },
        seed: { type: 'string', default: '1' },
        thorough: { type: 'string', default: '10' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    return {
      every: whole(values.every),
      tears: values.tears.split(',').map(tearOf),
      seed: whole(values.seed),
      thoroughEvery: whole(values.thorough),
      isQuiet: values.json,
      help: values.help,
    };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return undefined;
  }
}

function whole(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new RangeError(`${text} is no whole number from 1 on.`);
  return number;
}

function tearOf(name: string): TearMode {
  const tear = tearModes.find((mode) => mode === name);
  if (tear === undefined) throw new RangeError(`Nothing tears as ${name}.`);
  return tear;
}

/** @returns the exit code: 0 all is well, 1 violations, 2 usage */
async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const beginMs = performance.now();
  const rehearsal = await rehearse();
  const { tears, every, seed, isQuiet } = options;
  const onCut = ({ cuts, violations }: Tally): void => {
    if (!isQuiet && cuts % PROGRESS_EVERY === 0)
      process.stderr.write(`${cuts} cuts, ${violations.length} violations\n`);
  };
  const tally = await sweep(rehearsal, { ...options, ends: ENDS, hasDouble: true, onCut });
  for (const violation of tally.violations) process.stderr.write(`${violation}\n`);
  const { operations, commit } = rehearsal;
  const byChip = { main: 0, slot: 0 };
  for (const { chip } of operations) byChip[chip === 'main' ? 'main' : 'slot']++;
  const durationMs = Math.round(performance.now() - beginMs);
  process.stdout.write(
    `${JSON.stringify({
      script: 'updates',
      operations: operations.length,
      operationsOfMain: byChip.main,
      operationsOfSlot: byChip.slot,
      commit,
      tears,
      every,
      seed,
      ...tally,
      violations: tally.violations.length,
      durationMs,
    })}\n`,
  );
  return tally.violations.length > 0 ? 1 : 0;
}

process.exitCode = await main();
