/**
 * `npm run mutants`: applies deliberate bugs about money to a copy of the repository, one at a time, and shows that the
 * tests find each. Last line: figures as JSON; ends with 1 where a bug was not found, or the list does not fit the sources.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Mutant, moneyBugs } from './mutants/money-bugs.ts';
import { repositoryFiles, repositoryRoot } from './sources.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: String(availableParallelism()) },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const HELP = `npm run mutants [-- options]
  --only TEXT    only the bugs whose description holds this text
  --sample N     N of them, chosen by the seed
  --seed N       for --sample; 1 unless given
  --workers N    copies that work at the same time; one for each core unless given
`;

type Verdict = 'found' | 'survived' | 'broken';

interface Outcome {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  /** The first test that failed, or what was wrong. */
  readonly by: string;
}

/** A copy of the repository that shares its packages. */
function copyRepository(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-mutants-'));
  for (const path of repositoryFiles()) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(repositoryRoot, path), join(folder, path));
  }
  symlinkSync(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Milliseconds for the tests of one bug; many times what they take. */
const TIME_MAX_MS = 600_000;

interface Run {
  /** Null where it was ended after {@link TIME_MAX_MS}. */
  readonly exitCode: number | null;
  readonly text: string;
}

async function node(folder: string, ...args: readonly string[]): Promise<Run> {
  const child = spawn(process.execPath, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIME_MAX_MS, // a bug may make an endless loop, which no test ends
    killSignal: 'SIGKILL',
  });
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  child.stderr.on('data', (part: Buffer) => parts.push(part));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, text: Buffer.concat(parts).toString() };
}

/** Builds the image and runs the tests until the first one fails. */
async function tested(folder: string, tests: readonly string[]): Promise<Run> {
  const built = await node(folder, 'tools/build-image.ts', '--quiet');
  if (built.exitCode !== 0) return { exitCode: -1, text: built.text };
  return node(folder, 'node_modules/vitest/vitest.mjs', 'run', '--bail', '1', ...tests);
}

async function judge(folder: string, mutant: Mutant): Promise<Outcome> {
  const path = join(folder, mutant.file);
  const source = readFileSync(path, 'utf8');
  const places = source.split(mutant.find).length - 1;
  if (places !== 1)
    return { mutant, verdict: 'broken', by: `${mutant.file} has ${places} such places, not one` };
  try {
    writeFileSync(
      path,
      source.replace(mutant.find, () => mutant.replace),
    );
    const { exitCode, text } = await tested(folder, mutant.tests);
    if (exitCode === null) return { mutant, verdict: 'found', by: 'the tests never end' };
    if (exitCode === 0) return { mutant, verdict: 'survived', by: 'no test' };
    const failed = /^.*FAIL.*?(test\/\S+\.test\.ts.*)$/m.exec(withoutColours(text))?.[1];
    return failed === undefined
      ? { mutant, verdict: 'broken', by: text.slice(-600) }
      : { mutant, verdict: 'found', by: failed };
  } finally {
    writeFileSync(path, source);
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal begin with one
const withoutColours = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, '');

/** The same choice for the same seed, spread over the list. */
function sampled(mutants: readonly Mutant[], many: number, seed: number): readonly Mutant[] {
  const step = mutants.length / many;
  const offset = seed % Math.max(1, Math.floor(step));
  return Array.from({ length: Math.min(many, mutants.length) }, (_, place) => {
    return mutants[Math.floor(place * step + offset) % mutants.length] as Mutant;
  });
}

function chosen(): readonly Mutant[] {
  const named = moneyBugs.filter(({ bug }) => bug.includes(values.only ?? ''));
  return values.sample === undefined
    ? named
    : sampled(named, Number(values.sample), Number(values.seed));
}

/** Every test that must find a bug passes without one; otherwise finding it would show nothing. */
async function checkSound(folder: string, mutants: readonly Mutant[]): Promise<void> {
  const tests = [...new Set(mutants.flatMap((mutant) => mutant.tests))];
  const { exitCode, text } = await tested(folder, tests);
  if (exitCode === 0) return;
  process.stderr.write(`failed: the tests fail without any bug\n${text.slice(-2_000)}\n`);
  process.exit(1);
}

async function main(): Promise<void> {
  const mutants = chosen();
  const queue = [...mutants];
  const outcomes: Outcome[] = [];
  const folders = Array.from({ length: Math.max(1, Number(values.workers)) }, copyRepository);
  try {
    await checkSound(folders[0] as string, mutants);
    await Promise.all(
      folders.map(async (folder) => {
        for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
          const outcome = await judge(folder, mutant);
          outcomes.push(outcome);
          const { verdict, by } = outcome;
          const count = `${outcomes.length}/${mutants.length}`;
          process.stdout.write(`${count} ${verdict.padEnd(8)} ${mutant.bug}\n    ${by}\n`);
        }
      }),
    );
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
  const count = (verdict: Verdict): number =>
    outcomes.filter((outcome) => outcome.verdict === verdict).length;
  const figures = {
    script: 'mutants',
    mutants: mutants.length,
    found: count('found'),
    survived: count('survived'),
    broken: count('broken'),
    durationMs: Math.round(performance.now()),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  if (figures.found !== mutants.length || mutants.length === 0) process.exitCode = 1;
}

if (values.help) process.stdout.write(HELP);
else await main();
