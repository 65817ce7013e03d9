/** docs/proof.md lists what `npm run prove` asks, with the answers that it expects. */

import { expect, test } from 'vitest';
import { readRepositoryFile } from '#tools/sources';
import { breaks } from './explore/changes.ts';
import { longRuns } from './explore/runs.ts';
import { queries } from './queries.ts';
import { sourceQueries } from './source-exchange.ts';
import { weakenedModels } from './weakened.ts';

/** The rows of the table behind a heading, each as its cells. */
function rowsOf(heading: string): string[][] {
  const section = readRepositoryFile('docs/proof.md').split(/^## \d+\. /m);
  const page = section.find((each) => each.startsWith(heading)) ?? '';
  const rows = page.split('\n').filter((line) => line.startsWith('| '));
  const cells = rows.map((row) => row.split('|').map((cell) => cell.trim()));
  return cells.slice(2).map((row) => row.slice(1, -1));
}
const firstOf = (heading: string): (string | undefined)[] => rowsOf(heading).map(([name]) => name);

test('every query, with its claim', () => {
  expect(rowsOf('Queries')).toEqual(
    queries.map(({ name, claim, says }) => [name, String(claim), says]),
  );
});

test('every weakened model, with the queries that it makes false', () => {
  expect(rowsOf('Weakened models')).toEqual(
    weakenedModels.map(({ name, breaks: broken }) => [name, broken.join(', ') || 'none']),
  );
});

test('every query about the exchange of the source, with its verdict', () => {
  expect(rowsOf('The exchange of the source')).toEqual(
    sourceQueries.map(({ name, expected }) => [name, expected]),
  );
});

test('every exploration and every lock that is taken off', () => {
  expect(firstOf('Refills and withdrawals')).toEqual(Object.keys(longRuns));
  expect(rowsOf('Locks taken off').map(([name, found]) => [name, found !== 'nothing'])).toEqual(
    breaks.map(({ name, isFound }) => [name, isFound]),
  );
});
