/** Joining, comparing and wiping byte strings. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ascii, equalBytes, joinBytes, wipe } from '#protocol/bytes';

test('text becomes its ASCII bytes', () => {
  expect([...ascii('PMA1')]).toEqual([0x50, 0x4d, 0x41, 0x31]);
});

test('joined bytes stand one behind the other', () => {
  expect([...joinBytes(ascii('a'), new Uint8Array(), ascii('bc'))]).toEqual([97, 98, 99]);
});

test('bytes are equal to a copy, and to nothing that differs in one bit or in length', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 64 }),
      fc.nat(),
      fc.nat(7),
      (bytes, place, bit) => {
        const changed = bytes.slice();
        const at = place % bytes.length;
        changed[at] = (bytes[at] as number) ^ (1 << bit);

        expect(equalBytes(bytes, bytes.slice())).toBe(true);
        expect(equalBytes(bytes, changed)).toBe(false);
        expect(equalBytes(bytes, bytes.subarray(1))).toBe(false);
      },
    ),
  );
});

test('wiping leaves zeros in every secret', () => {
  const secrets = [ascii('one'), ascii('two')];

  wipe(...secrets);

  expect(secrets.map((secret) => [...secret])).toEqual([
    [0, 0, 0],
    [0, 0, 0],
  ]);
});
