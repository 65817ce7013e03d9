/**
 * Self-tests that fail on the embedded engine: the fault is told, nothing else leaves the meter, and no secret is left in its
 * memory (requirements.md A2, A3, A6). `npm run self-tests` makes every one of them fail.
 */

import { describe, expect, test } from 'vitest';
import { engineAnswers } from '#emulator/engine-fault';
import { knownAnswers } from '#firmware/known-answers';
import { type SelfTestCase, selfTestCases } from './cases.ts';
import { runCase } from './run.ts';

const caseOf = (name: string, when: SelfTestCase['when']): SelfTestCase => {
  const found = selfTestCases.find((each) => each.name === name && each.when === when);
  if (found === undefined) throw new Error(`there is no ${name}, ${when}`);
  return found;
};

describe('a self-test that fails', () => {
  test.each<[string, SelfTestCase['when']]>([
    ['integrity of the image', 'by itself'],
    ['known answer: HMAC_DRBG', 'power-up'],
    ['crypto engine: sign', 'by itself'],
    ['noise: adaptive proportion', 'at work'],
    ['pairwise consistency: indicium key', 'birth of a key'],
    ['registers against each other', 'by itself'],
    ['store: tag', 'power-up'],
    ['flash: what was programmed is read back', 'at work'],
  ])('%s, %s', async (name, when) => {
    const row = await runCase(caseOf(name, when));

    expect(row.objections).toEqual([]);
    expect(row.answered).toEqual(['status', 'version']);
    expect(row.bytesOut).toBe(0);
  });
});

test('every known answer and every answer of a crypto engine has its case', () => {
  const names = selfTestCases.map(({ name }) => name);
  const wanted = [
    ...knownAnswers.map(({ name }) => `known answer: ${name}`),
    ...engineAnswers.map((call) => `crypto engine: ${call}`),
  ];

  expect(wanted.filter((name) => !names.includes(name))).toEqual([]);
});

test('what is not as it must be is objected to', async () => {
  const sound = caseOf('store: tag', 'power-up');

  const { objections } = await runCase({ ...sound, damage: () => undefined });

  expect(objections).toContain('it tells none and not 0x0f03 / 0');
  expect(objections).toContain('the lamp shows uninitialized');
  expect(objections.some((each) => each.startsWith('found in memory'))).toBe(true);
});
