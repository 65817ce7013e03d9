/** DER, points and certificates against implementations that are not ours: those of Node (requirements.md D7). */

import { createPublicKey, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { joinBytes } from '#protocol/bytes';
import {
  certificateTime,
  element,
  generalizedTime,
  readDer,
  setOf,
  tags,
  unsignedInteger,
  unsignedOf,
} from '#protocol/der';
import { compressedPoint, uncompressedPoint } from '#protocol/point';
import { publicKeyInfo, readX509, signatureFromDer, signatureToDer } from '#protocol/x509';
import { timeStamping, x509For } from '#test/support/user-keys';

const pair = nodeCrypto.generateKeyPair();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('a length', () => {
  test.each([
    [0x7f, '047f'],
    [0x80, '048180'],
    [0xff, '0481ff'],
    [0x100, '04820100'],
    [0xffff, '0482ffff'],
  ])('of %i is as short as can be, and read', (size, head) => {
    const written = element(tags.octetString, new Uint8Array(size));

    expect(hex(written.subarray(0, head.length / 2))).toBe(head);
    expect(readDer(written, (reader) => reader.next(tags.octetString).content.length)).toBe(size);
  });

  test('that is longer than it need be, without end, or beyond the bytes is not read', () => {
    const read = (text: string) =>
      readDer(Buffer.from(text, 'hex'), (reader) => reader.next().content.length);

    for (const text of ['04810100', '0482000100', '0480', '0402aa', '04', '1f0100', '040100ff'])
      expect(read(text)).toBeUndefined();
    expect(() => element(tags.octetString, new Uint8Array(0x1_0000))).toThrow(RangeError);
  });
});

test('a number keeps its digits, whatever its first bit', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), (digits) => {
      const written = unsignedInteger(digits);

      const read = readDer(written, (reader) => unsignedOf(reader.next(tags.integer)));

      expect(BigInt(`0x${hex(read ?? new Uint8Array())}`)).toBe(BigInt(`0x${hex(digits)}`));
    }),
  );
});

test('a set is in the order of the bytes of its elements', () => {
  const parts = [3, 1, 2].map((byte) => element(tags.integer, Uint8Array.of(byte)));

  expect(hex(setOf(...parts))).toBe('3109020101020102020103');
});

test.each([
  [Date.UTC(2026, 2, 1, 12, 3, 4), '20260301120304Z', '260301120304Z'],
  [Date.UTC(2026, 2, 1, 12, 3, 4, 50), '20260301120304.05Z', '260301120304Z'],
  [Date.UTC(2049, 11, 31, 23, 59, 59, 999), '20491231235959.999Z', '491231235959Z'],
  [Date.UTC(2050, 0, 1), '20500101000000Z', '20500101000000Z'],
])('the instant %i is written %s and %s', (timeMs, exact, day) => {
  expect(Buffer.from(generalizedTime(timeMs).subarray(2)).toString()).toBe(exact);
  expect(Buffer.from(certificateTime(timeMs).subarray(2)).toString()).toBe(day);
});

test('both forms of a point are one, and OpenSSL takes the key', () => {
  for (let key = 0; key < 20; key++) {
    const { publicKey } = nodeCrypto.generateKeyPair();
    const whole = uncompressedPoint(publicKey) ?? new Uint8Array();

    expect(compressedPoint(whole)).toEqual(publicKey);
    const { x, y } = createPublicKey({
      key: Buffer.from(publicKeyInfo(publicKey)),
      format: 'der',
      type: 'spki',
    }).export({ format: 'jwk' });
    const both = [x, y].map((each) => Buffer.from(String(each), 'base64url'));
    expect(hex(joinBytes(Uint8Array.of(4), ...both))).toBe(hex(whole));
  }
});

test('what is no point has no other form', () => {
  const whole = Uint8Array.from(uncompressedPoint(pair.publicKey) ?? []);
  whole[64] = (whole[64] as number) ^ 2;

  expect(compressedPoint(whole)).toBeUndefined();
  expect(uncompressedPoint(new Uint8Array(33).fill(0xff))).toBeUndefined();
  expect(uncompressedPoint(Uint8Array.of(2, ...new Uint8Array(31), 5))).toBeDefined();
  expect(uncompressedPoint(Uint8Array.of(2, ...new Uint8Array(31), 1))).toBeUndefined();
});

test('a signature is read as it was written, and no other form of it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (signature) => {
      expect(signatureFromDer(signatureToDer(signature))).toEqual(signature);
    }),
  );
  for (const text of [
    '3003020101',
    '300602010102010100',
    '30080203000001020101',
    '3006020181020101',
  ])
    expect(signatureFromDer(Buffer.from(text, 'hex'))).toBeUndefined();
});

test('a certificate that is written here is one to OpenSSL, and is read back', () => {
  const der = x509For(pair.publicKey, { extensions: [timeStamping] });

  const judged = new X509Certificate(der);

  expect(judged.validTo).toBe('Dec 31 23:59:59 2026 GMT');
  expect(judged.keyUsage).toEqual(['1.3.6.1.5.5.7.3.8']);
  const read = readX509(der);
  expect(read).toMatchObject({
    publicKey: pair.publicKey,
    notBefore: 20260101000000,
    notAfter: 20261231235959,
  });
});

test('a certificate that is cut off or changed anywhere in its form is read as none, or as another', () => {
  const der = x509For(pair.publicKey);
  const whole = readX509(der);

  for (let at = 0; at < der.length; at++) expect(readX509(der.subarray(0, at))).toBeUndefined();
  expect(readX509(joinBytes(der, Uint8Array.of(0)))).toBeUndefined();
  for (let at = 0; at < der.length; at++) {
    const changed = der.map((byte, place) => (place === at ? byte ^ 0x40 : byte));
    expect(readX509(changed)).not.toEqual(whole);
  }
});
