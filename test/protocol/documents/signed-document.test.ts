/** What holds for every signed document: whatever is not exactly what was signed is refused. */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import type { KeyPair } from '#protocol/crypto';
import { verifyCompactCertificate } from '#protocol/documents/compact-certificate';
import { verifyImage } from '#protocol/documents/image-header';
import { verifyIndicium } from '#protocol/documents/indicium';
import { keyId } from '#protocol/documents/key-id';
import type { Result } from '#protocol/result';
import {
  authority,
  authorityNext,
  certificate,
  device,
  imageKey,
  indiciumKey,
  provider,
  stranger,
} from '#test/support/document-values';
import { type SampleName, samples } from '#test/support/documents';

const crypto = nodeCrypto;
const issuerKeyId = keyId(crypto, authority.publicKey);

type Verify = (bytes: Uint8Array, key?: Uint8Array) => Result<unknown>;

/** The documents that say by themselves who must have signed them, each with its key. */
const signers = {
  'authority-key': authorityNext,
  'key-renewal': device,
  'key-request': device,
  'key-grant': authority,
  'revocation-request': device,
  'revocation-order': authority,
  'revocation-confirmation': device,
  licence: authority,
  'rate-table': authority,
  'refill-request': device,
  'refill-authorisation': provider,
  'inspection-report': device,
  acknowledgement: authority,
  'lock-order': authority,
  'clock-setting': provider,
  'withdrawal-request': device,
  'withdrawal-authorisation': provider,
  'withdrawal-report': device,
} as const satisfies Partial<Record<SampleName, KeyPair>>;

const verifyByName = {
  indicium: (bytes, publicKey = indiciumKey.publicKey) =>
    verifyIndicium(crypto, bytes, { ...certificate, issuerKeyId, publicKey }),
  'compact-certificate': (bytes, key = authority.publicKey) =>
    verifyCompactCertificate(crypto, key, bytes, { usage: 'indicium' }),
  'image-header': (bytes, key = imageKey.publicKey) => verifyImage(crypto, key, bytes),
  ...Object.fromEntries(
    (Object.keys(signers) as (keyof typeof signers)[]).map((name): [string, Verify] => [
      name,
      (bytes, key = signers[name].publicKey) => samples[name].verify(crypto, key, bytes),
    ]),
  ),
} as Readonly<Record<SampleName, Verify>>;
const names = Object.keys(samples) as SampleName[];

describe.each(names)('%s', (name) => {
  const { bytes } = samples[name];
  const verify = verifyByName[name];

  test('is accepted as it is', () => {
    expect(verify(bytes).ok).toBe(true);
  });

  test('is refused with any one bit flipped', () => {
    const accepted: number[] = [];
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      if (verify(flipped).ok) accepted.push(bit);
    }

    expect(accepted).toEqual([]);
  });

  test('is malformed in any other length', () => {
    const whole = new Uint8Array([...bytes, ...bytes]);
    const lengths = Array.from({ length: whole.length }, (_, length) => length);

    const outcomes = lengths
      .filter((length) => length !== bytes.length)
      .map((length) => verify(whole.subarray(0, length)))
      .map((result) => (result.ok ? 'accepted' : result.status));

    expect(new Set(outcomes)).toEqual(new Set(['documentMalformed']));
  });

  test('is refused under the key of somebody else', () => {
    const result = verify(bytes, stranger.publicKey);

    expect(result).toMatchObject({
      status: name === 'indicium' ? 'documentMismatch' : 'signatureInvalid',
    });
  });

  test('is refused under a key that is no point of the curve', () => {
    const offCurve = Uint8Array.of(2, ...new Uint8Array(32).fill(0xff));

    expect(verify(bytes, offCurve).ok).toBe(false);
  });
});

test.each(names.filter((name) => name !== 'image-header'))(
  '%s stays as it was read when the buffer it came in is used again',
  (name) => {
    const { bytes } = samples[name];
    const buffer = Buffer.from(bytes);

    const read = verifyByName[name](buffer);
    buffer.fill(0);

    expect(read).toEqual(verifyByName[name](bytes));
  },
);
