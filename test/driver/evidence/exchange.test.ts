/** Queries for time-stamps and what comes back, byte by byte where it matters (RFC 3161 2.4). */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LinkError, RefusedError } from '#driver/errors';
import { readEnvelope } from '#driver/evidence/cms/enveloped-data';
import { readSignedData } from '#driver/evidence/cms/signed-data';
import { sha256 } from '#driver/evidence/digest';
import { answerQuery } from '#driver/evidence/postmark/answer';
import {
  encodeGranted,
  encodeRejection,
  failures,
  readStampRequest,
  tokenIn,
} from '#driver/evidence/postmark/exchange';
import { readTimeStampToken } from '#driver/evidence/postmark/time-stamp';
import { readCertificate } from '#driver/evidence/x509/certificate';
import { readRevocationList } from '#driver/evidence/x509/revocation-list';
import { ascii } from '#protocol/bytes';
import {
  contextTag,
  element,
  isTrue,
  octetString,
  oids,
  readerOf,
  sequence,
  tags,
  unsignedInteger,
} from '#protocol/der';
import { postmarkPolicies } from '#protocol/postmark';
import { statuses } from '#protocol/status';

const digest = sha256(ascii('A message.'));

interface Asked {
  readonly version: number;
  readonly hash: Uint8Array;
  readonly digest: Uint8Array;
  /** Whole elements behind the digest. */
  readonly behind: readonly Uint8Array[];
}

const query = (changes: Partial<Asked> = {}): Uint8Array => {
  const asked = { version: 1, hash: oids.sha256, digest, behind: [], ...changes };
  return sequence(
    element(tags.integer, Uint8Array.of(asked.version)),
    sequence(sequence(asked.hash), octetString(asked.digest)),
    ...asked.behind,
  );
};

const nonce = (...bytes: number[]): Uint8Array => element(tags.integer, Uint8Array.from(bytes));

describe('a query', () => {
  test('gives digest, nonce without its sign, and whether the certificate is wanted', () => {
    const read = readStampRequest(query({ behind: [nonce(0, 0x81, 7), isTrue] }));

    expect(read).toEqual({
      ok: true,
      request: { digest, nonce: Uint8Array.of(0x81, 7), wantsCertificate: true },
    });
    expect(readStampRequest(query())).toMatchObject({
      request: { nonce: new Uint8Array(0), wantsCertificate: false },
    });
    expect(readStampRequest(query({ behind: [postmarkPolicies.digestGiven] })).ok).toBe(true);
  });

  test.each([
    ['of another version', query({ version: 2 }), 'badRequest'],
    ['of another digest', query({ hash: oids.emailProtection }), 'badAlg'],
    ['of half a digest', query({ digest: digest.subarray(16) }), 'badDataFormat'],
    [
      'for content that the meter hashes',
      query({ behind: [postmarkPolicies.contentHashed] }),
      'unacceptedPolicy',
    ],
    ['for a policy of somebody else', query({ behind: [oids.timeStamping] }), 'unacceptedPolicy'],
    ['with a negative nonce', query({ behind: [nonce(0x81)] }), 'badRequest'],
    ['with a nonce of 0', query({ behind: [nonce(0)] }), 'badRequest'],
    [
      'with a nonce of 21 bytes',
      query({ behind: [unsignedInteger(new Uint8Array(21).fill(1))] }),
      'badRequest',
    ],
    [
      'with an extension',
      query({
        behind: [element(contextTag(0, true), sequence(oids.keyUsage, octetString(digest)))],
      }),
      'unacceptedExtension',
    ],
    ['cut off', query().subarray(0, 20), 'badDataFormat'],
    ['that is text', ascii('hello'), 'badDataFormat'],
  ])('%s is refused', (_, bytes, failure) => {
    expect(readStampRequest(bytes)).toMatchObject({ ok: false, failure });
  });
});

test.each(Object.entries(failures))('a rejection %s has bit %i alone', (name, bit) => {
  const response = encodeRejection(name as keyof typeof failures, 'why');

  const status = readerOf(readerOf(readerOf(response).next().content).next().content);
  status.next(tags.integer);
  status.next(tags.sequence);
  const bits = status.next(tags.bitString).content;
  const set = Array.from({ length: (bits.length - 1) * 8 }, (_, at) => at).filter(
    (at) => ((bits[1 + (at >> 3)] ?? 0) & (0x80 >> (at & 7))) !== 0,
  );
  expect(set).toEqual([bit]);
  expect(bits[0]).toBe(7 - (bit % 8));
  expect(tokenIn(response)).toBeUndefined();
});

describe('an answer', () => {
  const refusal = (status: keyof typeof statuses) =>
    new RefusedError({
      service: 'postmark',
      code: statuses[status].code,
      detail: 0,
      state: 'idle',
    });
  const lost = new LinkError({ stage: 'request', address: 'a', what: 'lost', advice: 'Again.' });

  test.each([
    ['missing funds', refusal('insufficientFunds'), 'systemFailure'],
    ['a clock that is not trusted', refusal('clockNotTrusted'), 'timeNotAvailable'],
    ['a lost line', lost, 'systemFailure'],
  ])('to %s says so', async (_, error, failure) => {
    const answer = await answerQuery(query(), () => Promise.reject(error));

    expect(answer.failure).toBe(failure);
    expect(tokenIn(answer.response)).toBeUndefined();
  });

  test('to a query that cannot be served does not ask the meter', async () => {
    let asked = 0;

    const answer = await answerQuery(ascii('hello'), () => {
      asked += 1;
      return Promise.resolve(digest);
    });

    expect([answer.failure, asked]).toEqual(['badDataFormat', 0]);
  });

  test('with a token gives the token', async () => {
    const token = sequence(oids.tstInfo, element(contextTag(0, true), sequence()));

    const answer = await answerQuery(query(), () => Promise.resolve(token));

    expect(answer.failure).toBeUndefined();
    expect(answer.response).toEqual(encodeGranted(token));
  });

  test('of a fault is the caller’s to see', async () => {
    await expect(answerQuery(query(), () => Promise.reject(new TypeError()))).rejects.toThrow(
      TypeError,
    );
  });
});

test('whatever bytes come, every reader says no and throws nothing', () => {
  const readers = [
    readStampRequest,
    tokenIn,
    readTimeStampToken,
    readSignedData,
    readEnvelope,
    readCertificate,
    readRevocationList,
  ];
  const nested = fc
    .array(fc.uint8Array({ maxLength: 20 }), { maxLength: 5 })
    .map((parts) => sequence(...parts.map((part) => sequence(part))));

  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), nested), (bytes) => {
      for (const read of readers) expect(() => read(bytes)).not.toThrow();
    }),
    { numRuns: 60 },
  );
});
