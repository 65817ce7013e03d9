/** docs/keys.md: what is said of the death of a key names a test of it that is there (requirements.md A6, D8). */

import { expect, test } from 'vitest';
import { absentTests, testReference } from '#tools/requirements';
import { readRepositoryFile } from '#tools/sources';

const rows = readRepositoryFile('docs/keys.md')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(2)
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

/** The files of these are their owner's: the page says so. */
const WITHOUT_TEST = ['provider key', 'image key'];

test('every key has all columns', () => {
  expect(rows.length).toBeGreaterThan(8);
  expect(rows.filter((row) => row.length !== 8 || row.includes(''))).toEqual([]);
});

test('every death names a test that is there', () => {
  const claims = rows.filter(([key = '']) => !WITHOUT_TEST.includes(key));

  const references = claims.map((row) => testReference(row[7] ?? ''));

  expect(references.length).toBe(rows.length - WITHOUT_TEST.length);
  expect(absentTests(references)).toEqual([]);
});
