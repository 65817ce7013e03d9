/** `npm run print-proof`: what is composed is what is on paper, what paper survives, what a fault does (docs/printing.md). */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { emulatedMeter } from '#testing/emulated-meter';
import { installMissing } from '#tools/debian';
import { drawCombinations } from './combinations.ts';
import { type DamageRow, holds, measureDamage } from './damage.ts';
import { allCells, type Ending, runCell } from './faults.ts';
import { closeLoops, type LoopTally } from './loop.ts';

const HELP = `Usage: npm run print-proof -- [--labels N] [--symbols N] [--zebrash-every N] [--dmtx-every N] [--seed N]
                              [--no-faults] [--json]

Composes labels for every printer and layout, sends each through an interpreter of our own and one that was not written
here, and reads the same bytes off the picture; then damages symbols, and breaks printers at every stage of a job.

Options:
  --labels N         drawn from the seed; 2000 by default
  --symbols N        for each damage; 40 by default
  --zebrash-every N  the interpreter of ZPL that was not written here takes a third of a second: every so many; 20 by default
  --dmtx-every N     dmtxread reads every so many; 50 by default
  --seed N           1 by default
  --no-faults        leaves the faults of printers out
  --json             says only the line of JSON that it ends with
  --help             this text
`;
const PROGRESS_EVERY = 100;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        labels: { type: 'string', default: '2000' },
        symbols: { type: 'string', default: '40' },
        'zebrash-every': { type: 'string', default: '20' },
        'dmtx-every': { type: 'string', default: '50' },
        seed: { type: 'string', default: '1' },
        'no-faults': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    return {
      labels: whole(values.labels),
      symbols: whole(values.symbols),
      zebrashEvery: whole(values['zebrash-every']),
      dmtxEvery: whole(values['dmtx-every']),
      seed: whole(values.seed),
      hasFaults: !values['no-faults'],
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

async function breakPrinters(say: (text: string) => void): Promise<readonly Ending[]> {
  await using emulated = await emulatedMeter({ lifeCycle: 'funded' });
  const meter = await emulated.logIn('user');
  const directory = mkdtempSync(join(tmpdir(), 'print-proof-'));
  const endings: Ending[] = [];
  try {
    for (const cell of allCells()) endings.push(await runCell({ meter, directory }, cell));
  } finally {
    rmSync(directory, { recursive: true });
  }
  say('| language | fault | stage | charged | journal | labels on paper | told |\n');
  for (const { language, fault, stage, isCharged, journal, whole: labels, told } of endings)
    say(
      `| ${[language, fault, stage, isCharged ? 'yes' : 'no', journal, labels, told].join(' | ')} |\n`,
    );
  return endings;
}

function violationsOf(
  loops: LoopTally,
  damage: readonly DamageRow[],
  endings: readonly Ending[],
): string[] {
  return [
    ...loops.violations,
    ...damage
      .filter((row) => !holds(row))
      .map(({ name, read, of, misread }) => `${name}: ${read} of ${of} read, ${misread} misread`),
    ...endings.flatMap(({ violations }) => violations),
  ];
}

/** @returns the exit code: 0 all is well, 1 violations, 2 usage */
async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  installMissing({ dmtxread: 'dmtx-utils', pdftoppm: 'poppler-utils' }, 'The proof needs');
  const { labels, symbols, seed, hasFaults, isQuiet } = options;
  const beginMs = performance.now();
  const say = (text: string): void => {
    if (!isQuiet) process.stderr.write(text);
  };
  const loops = await closeLoops(drawCombinations(labels, seed), {
    ...options,
    onProgress: (done) => {
      if (done % PROGRESS_EVERY === 0) say(`${done} of ${labels} labels\n`);
    },
  });
  const damage = await measureDamage(symbols, seed);
  for (const { name, read, of, floor } of damage)
    say(`${name}: ${read} of ${of} read${floor > 0 ? `, floor ${floor} %` : ''}\n`);
  const endings = hasFaults ? await breakPrinters(say) : [];
  const violations = violationsOf(loops, damage, endings);
  for (const violation of violations) process.stderr.write(`${violation}\n`);
  process.stdout.write(
    `${JSON.stringify({
      script: 'print-proof',
      seed,
      ...loops,
      damage: Object.fromEntries(damage.map(({ name, read, of }) => [name, `${read}/${of}`])),
      faults: endings.length,
      violations: violations.length,
      durationMs: Math.round(performance.now() - beginMs),
    })}\n`,
  );
  return violations.length > 0 ? 1 : 0;
}

process.exitCode = await main();
