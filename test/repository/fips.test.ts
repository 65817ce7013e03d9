/** The map of FIPS 140-3 is whole and true in form: every evidence that applies once, and every test it names exists. */

import { expect, test } from 'vitest';
import { readVectors } from '#test/support/vectors';
import { evidences } from '#tools/fips/evidences';
import { absentTests, testReference } from '#tools/requirements';

/** As NIST publishes it. */
interface ListedEvidence {
  readonly name: string;
  readonly appliesToSecLevel: readonly number[];
  readonly moduleType: readonly string[];
  readonly moduleEmbodiment: readonly string[];
  readonly 'TE-Tag': readonly string[];
}

const FUNCTIONAL = 'FT-TE';

test('every functional evidence of such a module is there once, and no other', ({ skip }) => {
  const list = readVectors<{ TETable: readonly ListedEvidence[] }>(
    'fips/TETables_v2.9.12.json',
  )?.TETable;
  if (list === undefined) return skip();

  const applying = list.filter(
    ({ appliesToSecLevel, moduleType, moduleEmbodiment }) =>
      appliesToSecLevel.includes(3) &&
      moduleType.includes('hardware') &&
      moduleEmbodiment.includes('multichip-standalone'),
  );
  const functional = applying.filter((each) => each['TE-Tag'].includes(FUNCTIONAL));
  const alsoFunctional = applying.filter((each) =>
    each['TE-Tag'].some((tag) => tag.split('/').includes(FUNCTIONAL)),
  );

  expect([list.length, applying.length, functional.length]).toEqual([567, 424, 185]);
  expect(evidences.map(({ id }) => `TE${id}`).toSorted()).toEqual(
    alsoFunctional.map(({ name }) => name).toSorted(),
  );
});

test('every test that is named exists', () => {
  const references = evidences.flatMap(({ tests }) => tests.map(testReference));

  expect(references.length).toBeGreaterThan(100);
  expect(absentTests(references)).toEqual([]);
});

test('what is shown names tests, and what is not shown says why', () => {
  const groundless = evidences.filter(({ verdict, reason, tests }) =>
    verdict === 'shown' ? tests.length === 0 : reason.length < 15,
  );

  expect(groundless).toEqual([]);
});

test('what has one subject has one answer', () => {
  const answers = Map.groupBy(evidences, ({ subject }) => subject);

  const split = [...answers].filter(
    ([, group]) => new Set(group.map((each) => JSON.stringify({ ...each, id: '' }))).size > 1,
  );
  expect(split).toEqual([]);
});
