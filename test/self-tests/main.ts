/** `npm run self-tests`: every self-test in use fails once, on the embedded engine, and what comes of it (docs/self-tests.md). */

import { selfTestCases } from './cases.ts';
import { type Row, runCase } from './run.ts';

const lineOf = ({
  name,
  when,
  told,
  bytesOut,
  secrets,
  found,
  foundBefore,
  recovery,
}: Row): string =>
  [
    name.padEnd(48),
    when.padEnd(15),
    told.padEnd(12),
    `${bytesOut} bytes`.padEnd(9),
    `${found.length} of ${secrets} secrets, ${foundBefore} before`.padEnd(30),
    recovery,
  ].join(' ');

/** @returns the exit code: 0 all as it must be, 1 otherwise */
async function main(): Promise<number> {
  const begin = performance.now();
  const rows: Row[] = [];
  for (const test of selfTestCases) {
    const row = await runCase(test);
    rows.push(row);
    process.stdout.write(`${lineOf(row)}\n`);
    for (const objection of row.objections) process.stderr.write(`  violation: ${objection}\n`);
  }
  const violations = rows.reduce((count, { objections }) => count + objections.length, 0);
  process.stdout.write(
    `${JSON.stringify({
      script: 'self-tests',
      forced: rows.length,
      tests: new Set(rows.map(({ name }) => name)).size,
      asked: rows.reduce((sum, { asked }) => sum + asked, 0),
      bytesOut: rows.reduce((sum, { bytesOut }) => sum + bytesOut, 0),
      secretsFound: rows.reduce((sum, { found }) => sum + found.length, 0),
      violations,
      durationMs: Math.round(performance.now() - begin),
    })}\n`,
  );
  return violations === 0 ? 0 : 1;
}

process.exitCode = await main();
