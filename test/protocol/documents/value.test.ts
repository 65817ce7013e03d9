/** The two documents that fill a pool: their golden bytes, and what is not one of them (requirements.md G3). */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import {
  issueValue,
  readValueRequest,
  signValueRequest,
  verifyValueIssue,
  verifyValueRequest,
} from '#protocol/documents/value';
import { mills } from '#protocol/mills';
import { authority, fixedCrypto, provider, stranger } from '#test/support/document-values';
import { readGolden, toHex } from '#test/support/golden';

const request = {
  providerId: 3,
  requestId: Uint8Array.from({ length: 16 }, (_, place) => 0x40 + place),
  amount: mills(10_000_000),
  timeMs: Date.UTC(2027, 2, 1, 12),
};
const issue = { ...request, sequence: 4, issuedTotal: mills(25_000_000) };

describe('golden bytes', () => {
  test('of a request', () => {
    const { bytes } = readGolden('value-request');

    expect(toHex(signValueRequest(fixedCrypto, provider.privateKey, request))).toBe(toHex(bytes));
    expect(verifyValueRequest(nodeCrypto, provider.publicKey, bytes)).toEqual({
      ok: true,
      value: request,
    });
  });

  test('of an issue', () => {
    const { bytes } = readGolden('value-issue');

    expect(toHex(issueValue(fixedCrypto, authority, issue))).toBe(toHex(bytes));
    expect(verifyValueIssue(nodeCrypto, authority.publicKey, bytes)).toMatchObject({
      ok: true,
      value: issue,
    });
  });
});

test('a request for nothing, and an issue above its own total, cannot be made', () => {
  const nothing = { ...request, amount: mills(0) };
  const tooMuch = { ...issue, issuedTotal: mills(9_999_999) };

  expect(() => signValueRequest(fixedCrypto, provider.privateKey, nothing)).toThrow();
  expect(() => issueValue(fixedCrypto, authority, tooMuch)).toThrow();
});

test('every byte is signed, and the length is exact', () => {
  const { bytes } = readGolden('value-issue');

  for (let place = 0; place < bytes.length; place++) {
    const changed = bytes.slice();
    changed[place] = (changed[place] as number) ^ 0x10;
    expect(verifyValueIssue(nodeCrypto, authority.publicKey, changed).ok).toBe(false);
  }
  for (const size of [0, 4, 64, bytes.length - 1])
    expect(verifyValueIssue(nodeCrypto, authority.publicKey, bytes.slice(0, size)).ok).toBe(false);
});

test('neither is taken for the other, nor from a stranger', () => {
  const { bytes: requestBytes } = readGolden('value-request');
  const { bytes: issueBytes } = readGolden('value-issue');

  expect(readValueRequest(issueBytes)).toMatchObject({ ok: false, status: 'documentMalformed' });
  expect(verifyValueIssue(nodeCrypto, authority.publicKey, requestBytes)).toMatchObject({
    ok: false,
    status: 'documentMalformed',
  });
  expect(verifyValueRequest(nodeCrypto, stranger.publicKey, requestBytes)).toMatchObject({
    ok: false,
    status: 'signatureInvalid',
  });
});
