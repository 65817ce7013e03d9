/**
 * `npm run mutation`: Stryker changes one expression after the other of the registers and the journal; their tests must
 * notice. Prints what survived and the score of each file; last line: figures as JSON. Ends with 1 below {@link SCORE_MIN}.
 *
 * Takes half an hour on two cores; `npm run mutation -- firmware/registers.ts` for one file. Stryker is a package of its
 * own below tools/mutation/, installed here when it is first needed.
 */

import { existsSync, readFileSync } from 'node:fs';
import { mustRun, run } from './run.ts';
import { repositoryRoot } from './sources.ts';

/** Percent of the mutants that are found. */
const SCORE_MIN = 90;
const HOME = 'tools/mutation';
const REPORT = 'build/mutation.json';

/** The part of Stryker's report that is looked at (mutation-testing-report-schema 2). */
interface Report {
  readonly files: Readonly<Record<string, { readonly mutants: readonly ReportedMutant[] }>>;
}

interface ReportedMutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly location: { readonly start: { readonly line: number; readonly column: number } };
}

interface Score {
  readonly found: number;
  readonly survived: number;
}

function scoreOf(mutants: readonly ReportedMutant[]): Score {
  const many = (...statuses: readonly string[]) =>
    mutants.filter(({ status }) => statuses.includes(status)).length;
  return { found: many('Killed', 'Timeout'), survived: many('Survived', 'NoCoverage') };
}

const percent = ({ found, survived }: Score): number =>
  Math.round((10_000 * found) / Math.max(1, found + survived)) / 100;

function tell(file: string, mutants: readonly ReportedMutant[]): void {
  const score = scoreOf(mutants);
  process.stdout.write(`\n${file}: ${percent(score)} % of ${score.found + score.survived}\n`);
  for (const { status, mutatorName, replacement, location } of mutants)
    if (status === 'Survived' || status === 'NoCoverage')
      process.stdout.write(
        `  survived ${file}:${location.start.line}:${location.start.column} ${mutatorName}: ${replacement?.replace(/\s+/g, ' ') ?? ''}\n`,
      );
}

if (!existsSync(`${repositoryRoot}${HOME}/node_modules/@stryker-mutator/core`))
  mustRun('npm', 'ci', '--prefix', HOME, '--no-audit', '--no-fund');

const files = process.argv.slice(2);
const only = files.length === 0 ? [] : ['--mutate', files.join(',')];
const stryker = `${HOME}/node_modules/@stryker-mutator/core/bin/stryker.js`;
const hasRun = run('node', stryker, 'run', `${HOME}/stryker.config.json`, ...only);
if (!hasRun) process.exit(1);

const report = JSON.parse(readFileSync(`${repositoryRoot}${REPORT}`, 'utf8')) as Report;
const mutated = Object.entries(report.files).filter(([, { mutants }]) => mutants.length > 0);
for (const [file, { mutants }] of mutated) tell(file, mutants);
const all = scoreOf(mutated.flatMap(([, { mutants }]) => mutants));
const figures = {
  script: 'mutation',
  files: mutated.length,
  ...all,
  percent: percent(all),
  durationMs: Math.round(performance.now()),
};
process.stdout.write(`\n${JSON.stringify(figures)}\n`);
if (all.found === 0 || figures.percent < SCORE_MIN) process.exitCode = 1;
