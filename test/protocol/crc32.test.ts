/** CRC-32 against its published check value and against zlib. */

import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ascii } from '#protocol/bytes';
import { crc32 } from '#protocol/crc32';

test('the check value of the digits 1 to 9', () => {
  expect(crc32(ascii('123456789'))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array())).toBe(0);
});

test('is what zlib computes, over all bytes or the first ones', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(600), (bytes, end) => {
      const stop = Math.min(end, bytes.length);

      expect(crc32(bytes)).toBe(zlibCrc32(bytes));
      expect(crc32(bytes, stop)).toBe(zlibCrc32(bytes.subarray(0, stop)));
    }),
  );
});
