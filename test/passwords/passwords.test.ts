/**
 * No power cut gives a guess for nothing: what is judged is counted first, and the delay is in force behind each cut
 * (requirements.md A4; domain.md R47). `npm run passwords` does more of it.
 */

import { describe, expect, test } from 'vitest';
import { patchedImage } from '#test/support/image-patch';
import { cutEverywhere, guessesBefore, runSequence } from './sequences.ts';

test.each([1, 2, 3, 4])(
  'guesses with cuts anywhere (seed %i): none is judged beyond the limit or before its time',
  async (seed) => {
    expect((await runSequence(seed)).violations).toEqual([]);
  },
);

test.each(guessesBefore)(
  'behind %i guesses one more, cut at its bytes, is counted or was not judged',
  async (before) => {
    const { violations, cuts, judged } = await cutEverywhere(before, 151);

    expect(violations).toEqual([]);
    expect(cuts).toBeGreaterThan(4);
    expect(judged).toBeGreaterThan(0);
  },
);

describe('a meter that is weaker is found out', () => {
  const weaker: readonly (readonly [string, RegExp, string])[] = [
    ['that forgets the delay', /:\(2\*\*(\w+)-1\)\*1e3\}/, ':0*$1}'],
    ['that counts to eleven', /if\((\w+)>=(\w+)\)(return \w+\("lockedOut"\))/, 'if($1>$2)$3'],
    [
      'that judges before it counts',
      /(\w+\(\w+,"passwordTry",[^;]*\));let (\w+)=([^;]*);/,
      'let $2=$3;$1;',
    ],
  ];

  test.each(weaker)('%s', async (_name, pattern, text) => {
    const image = patchedImage([pattern, text]);
    const violations: string[] = [];
    for (let seed = 1; seed <= 12 && violations.length === 0; seed++)
      violations.push(...(await runSequence(seed, image)).violations);
    if (violations.length === 0) violations.push(...(await cutEverywhere(9, 64, image)).violations);

    expect(violations.length).toBeGreaterThan(0);
  });
});
