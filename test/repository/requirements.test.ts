/** The table of requirements is true in form: every ID once, and what it claims is shown by tests that exist. */

import { expect, test } from 'vitest';
import {
  absentTests,
  holdsTest,
  type RequirementStatus,
  requirementIds,
  requirementStatuses,
  requirements,
  requirementsIn,
  type TestReference,
} from '#tools/requirements';

const rows = requirements();

test('every requirement is there once, in order', () => {
  expect(rows.map(({ id }) => id)).toEqual(requirementIds);
});

test('each says what it asks for and how far it is', () => {
  const vague = rows.filter(
    ({ text, status }) =>
      text.length < 20 || !requirementStatuses.includes(status as RequirementStatus),
  );

  expect(vague).toEqual([]);
});

test('tests are named exactly where something is claimed', () => {
  const unproven = rows.filter(({ status, tests }) => tests.length > 0 === (status === 'open'));

  expect(unproven).toEqual([]);
});

test('every test that is named exists', () => {
  expect(absentTests(rows.flatMap(({ tests }) => tests))).toEqual([]);
});

test('a test that does not exist is told', () => {
  const [held] = rows.flatMap(({ tests }) => tests);
  const others = [
    { file: 'test/repository/none.test.ts', name: 'a' },
    { file: 'test/repository/requirements.test.ts', name: 'a test under another name' },
    { file: 'tools/requirements.ts', name: 'a' },
  ];

  expect(absentTests([held as TestReference, ...others])).toEqual(others);
});

test('a row is read with all its tests', () => {
  const page = [
    '| ID | what it must do | status | shown by |',
    '| --- | --- | --- | --- |',
    '| A1 | Either this \\| or that. | partly | test/a.test.ts › one \\| two<br>test/b.test.ts › a › b |',
    '| A2 | Nothing yet. | open | |',
  ].join('\n');

  expect(requirementsIn(page)).toEqual([
    {
      id: 'A1',
      text: 'Either this | or that.',
      status: 'partly',
      tests: [
        { file: 'test/a.test.ts', name: 'one | two' },
        { file: 'test/b.test.ts', name: 'a › b' },
      ],
    },
    { id: 'A2', text: 'Nothing yet.', status: 'open', tests: [] },
  ]);
});

test.each([
  ["test('adds up (always)', () => {", true],
  ['test(\n  "adds up (always)",', true],
  ["])('adds up (always)', (a) => {", true],
  ["// adds up (always)\ntest('other', () => {", false],
  ["test('adds up (always) and more', () => {", false],
])('%j holds the test: %s', (source, held) => {
  expect(holdsTest(source, 'adds up (always)')).toBe(held);
});
