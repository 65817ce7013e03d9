/** Any value that a field of a document can hold, for properties. */

import fc from 'fast-check';
import { dateOf } from '#protocol/documents/date';
import { encodeMeterId } from '#protocol/documents/meter-id';
import { type Mills, mills } from '#protocol/mills';

export const unsigned = (size: number): fc.Arbitrary<number> =>
  fc.integer({ min: 0, max: 2 ** (size * 8) - 1 });
export const amount = (size: number, min = 0): fc.Arbitrary<Mills> =>
  fc.integer({ min, max: 2 ** (size * 8) - 1 }).map(mills);
export const bytesOf = (size: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: size, maxLength: size });
export const anyDate = fc
  .integer({ min: 0, max: 2_932_896 })
  .map((day) => dateOf(day * 86_400_000));
export const dates = fc.tuple(anyDate, anyDate).map(([a, b]) => ({
  validFrom: Math.min(a, b),
  validTo: Math.max(a, b),
}));
export const anyMeterId = fc
  .record({ model: fc.stringMatching(/^[0-9A-Z]{4}$/), serial: unsigned(4) })
  .map(encodeMeterId);
export const anyKey = fc
  .tuple(fc.constantFrom(2, 3), bytesOf(32))
  .map(([sign, x]) => Uint8Array.of(sign, ...x));
