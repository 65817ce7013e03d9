/** Meter ids and key ids: eight bytes each, and how people write the first. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { keyId } from '#protocol/documents/key-id';
import {
  decodeMeterId,
  encodeMeterId,
  formatMeterId,
  parseMeterId,
} from '#protocol/documents/meter-id';
import { authority } from '#test/support/document-values';
import { fromHex, toHex } from '#test/support/golden';

const anyMeterId = fc.record({
  model: fc.stringMatching(/^[0-9A-Z]{4}$/),
  serial: fc.integer({ min: 0, max: 0xffff_ffff }),
});

test('a meter id is the model in ASCII and the serial number, least byte first', () => {
  const bytes = encodeMeterId({ model: 'TS01', serial: 0x0102_0304 });

  expect(toHex(bytes)).toBe('5453303104030201');
});

test('bytes, parts and text tell the same meter', () => {
  fc.assert(
    fc.property(anyMeterId, (id) => {
      const bytes = encodeMeterId(id);

      expect(decodeMeterId(bytes)).toEqual(id);
      expect(parseMeterId(formatMeterId(bytes))).toEqual(bytes);
    }),
  );
});

test('the serial number is written in ten digits', () => {
  expect(formatMeterId(encodeMeterId({ model: 'TS01', serial: 42 }))).toBe('TS01-0000000042');
});

test('the zeros of a meter that was not made yet are no meter id, and can be shown all the same', () => {
  const zeros = new Uint8Array(8);

  expect(decodeMeterId(zeros)).toBeUndefined();
  expect(formatMeterId(zeros)).toBe('0000000000000000');
});

test.each([
  ['545330', 'too short'],
  ['5453303101000000ff', 'too long'],
  ['5453300001000000', 'NUL in the model'],
  ['545330e901000000', 'not ASCII'],
  ['5453207801000000', 'a space and a small letter'],
])('%s is no meter id: %s', (hex) => {
  expect(decodeMeterId(fromHex(hex))).toBeUndefined();
});

test.each([
  'TS01-42',
  'TS01-00000000042',
  'TS01-4294967296',
  'ts01-0000000042',
  'TS1-0000000042',
  'TS01 0000000042',
  'TS01--000000042',
  'ТS01-0000000042',
  ' TS01-0000000042',
  'TS01-0000000042\n',
  '',
])('%j is not written as a meter id', (text) => {
  expect(parseMeterId(text)).toBeUndefined();
});

test.each([
  { model: 'TS1', serial: 1 },
  { model: 'ts01', serial: 1 },
  { model: 'TÉ01', serial: 1 },
  { model: 'TS01', serial: -1 },
  { model: 'TS01', serial: 0x1_0000_0000 },
  { model: 'TS01', serial: 1.5 },
])('%o is a bug of the caller', (id) => {
  expect(() => encodeMeterId(id)).toThrow(RangeError);
});

describe('a key id', () => {
  test('is the first eight bytes of the SHA-256 of the compressed key', () => {
    const digest = nodeCrypto.sha256(authority.publicKey);

    expect(toHex(keyId(nodeCrypto, authority.publicKey))).toBe(toHex(digest).slice(0, 16));
  });
});
