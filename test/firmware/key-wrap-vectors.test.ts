/** AES key wrap of the image by the vectors of Wycheproof (requirements.md A2, D6): it is our own, as vectors.test.ts has the rest. */

import { expect, test } from 'vitest';
import { unwrapKey, wrapKey } from '#firmware/key-wrap';
import { makeBoard } from '#test/support/board';
import { fromHex, toHex } from '#test/support/golden';
import { type Algorithms, isHex } from '#test/support/image-algorithms';
import { readVectors } from '#test/support/vectors';

interface Case {
  readonly key: string;
  readonly msg: string;
  readonly ct: string;
  readonly result: 'valid' | 'invalid' | 'acceptable';
}
interface Vectors {
  readonly testGroups: readonly { readonly tests: readonly Case[] }[];
}

/** Others do not have the layout of a request. */
const hasLayout = ({ ct }: Case): boolean => {
  const size = ct.length / 2;
  return size >= 24 && size <= 72 && size % 8 === 0;
};

test('every vector that a request can have, by the image and by the source', async ({ skip }) => {
  const file = readVectors<Vectors>('wycheproof/aes_wrap_test.json');
  if (file === undefined) return skip();
  await using made = makeBoard({ cryptoEngine: true }).board;
  const image = made.algorithms as unknown as Algorithms;
  const cases = file.testGroups.flatMap(({ tests }) => tests);
  const asked = cases.filter(hasLayout);

  const wrong = asked.filter(({ key, msg, ct, result }) =>
    [image, { wrapKey, unwrapKey }].some((by) => {
      const unwrapped = by.unwrapKey(fromHex(key), fromHex(ct));
      if (result === 'invalid') return unwrapped !== undefined;
      const wrapped = by.wrapKey(fromHex(key), fromHex(msg));
      return !isHex(unwrapped, msg) || toHex(Uint8Array.from(wrapped)) !== ct;
    }),
  );

  expect(wrong).toEqual([]);
  expect([cases.length, asked.length]).toEqual([165, 105]);
});
