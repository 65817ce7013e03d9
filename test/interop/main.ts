/** `npm run interop`: what is written here against OpenSSL, and paths against NIST PKITS and x509-limbo (docs/interop.md). */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openSslIn } from '#test/support/openssl';
import { installMissing } from '#tools/debian';
import type { Check } from './check.ts';
import { messageChecks } from './openssl/messages.ts';
import { pathChecks } from './openssl/paths.ts';
import { stampChecks } from './openssl/stamps.ts';
import type { PathCase } from './vectors/case.ts';
import { explained, runSuite, type SuiteResult, unexplained } from './vectors/compare.ts';
import { limboCases, pkitsCases } from './vectors/suites.ts';
import { ownVerdict, pkijsVerdict } from './vectors/validators.ts';

const HELP = `Usage: npm run interop -- [--compare]

Has OpenSSL judge what is written here, and judges what OpenSSL wrote: time-stamps, signed and encrypted messages, key files,
certificates with their chains and revocation lists. Then judges the paths of NIST PKITS and x509-limbo, and counts where we
agree. Fails where a check does not hold, or a path is judged otherwise than expected without one of the known reasons.

Options:
  --compare  counts the same for the path validation of pkijs
  --help     this text
`;

interface Options {
  readonly compare: boolean;
}

/** Undefined where the command line is not one of ours. */
function readOptions(): Options | 'help' | undefined {
  try {
    const boolean = { type: 'boolean', default: false } as const;
    const { values } = parseArgs({ options: { compare: boolean, help: boolean } });
    return values.help ? 'help' : { compare: values.compare };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return undefined;
  }
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** @returns what does not hold */
async function runChecks(checks: readonly Check[]): Promise<string[]> {
  const violations: string[] = [];
  for (const { name, holds } of checks) {
    const folder = mkdtempSync(join(tmpdir(), 'tessera-interop-'));
    try {
      await holds(openSslIn(folder));
      say(`holds: ${name}`);
    } catch (error) {
      say(`DOES NOT HOLD: ${name}\n${(error as Error).message}`);
      violations.push(name);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return violations;
}

function tell(
  who: string,
  { suite, cases, agree, wronglyTaken, wronglyRefused }: SuiteResult,
): void {
  const different = `${wronglyTaken} taken that it refuses, ${wronglyRefused} refused that it takes`;
  say(`${who}, ${suite}: ${agree} of ${cases} as expected, ${different}`);
}

const withoutRings = (cases: readonly PathCase[]): readonly PathCase[] =>
  cases.filter(({ id }) => !id.includes('cycle'));

/** @returns the exit code: 0 all holds, 1 a violation, 2 usage */
async function main(): Promise<number> {
  const options = readOptions();
  if (options === 'help') process.stdout.write(HELP);
  if (options === undefined || options === 'help') return options === undefined ? 2 : 0;
  installMissing({ openssl: 'openssl' }, 'The checks need');
  const checks = { stamps: stampChecks, messages: messageChecks, paths: pathChecks };
  const violations = await runChecks(Object.values(checks).flat());
  const suites = { pkits: pkitsCases(), limbo: limboCases() };
  const results: SuiteResult[] = [];
  const compared: SuiteResult[] = [];
  for (const [suite, cases] of Object.entries(suites)) {
    if (cases === undefined) violations.push(`the vectors of ${suite} are absent`);
    if (cases === undefined) continue;
    results.push(await runSuite(suite as PathCase['suite'], cases, ownVerdict));
    tell('we', results.at(-1) as SuiteResult);
    if (!options.compare) continue;
    compared.push(await runSuite(suite as PathCase['suite'], withoutRings(cases), pkijsVerdict));
    tell('pkijs', compared.at(-1) as SuiteResult);
  }
  const differences = results.flatMap((result) => result.differences);
  for (const [{ reason, expected }, count] of explained(differences)) {
    say(`${String(count).padStart(4)} expected ${expected}: ${reason}`);
    if (count === 0 && results.length === 2)
      violations.push(`explains nothing any more: ${reason}`);
  }
  violations.push(...unexplained(differences));
  const tallies = results.map(({ differences: _, ...tally }) => tally);
  const counts = Object.entries(checks).map(([name, list]) => [name, list.length]);
  process.stdout.write(
    `${JSON.stringify({ script: 'interop', checks: Object.fromEntries(counts), vectors: tallies, violations })}\n`,
  );
  return violations.length === 0 ? 0 : 1;
}

process.exitCode = await main();
