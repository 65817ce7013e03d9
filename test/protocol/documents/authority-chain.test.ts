/** The keys of an authority as they follow one another, and what each of them may have signed (requirements.md D8, G8). */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { type KeyPair, SIGNATURE_SIZE } from '#protocol/crypto';
import {
  authorityKeysFrom,
  currentKey,
  longerChain,
  verifyCertificateInTime,
} from '#protocol/documents/authority-chain';
import { authorityKeyDocument, issueNextAuthorityKey } from '#protocol/documents/authority-key';
import { addDays } from '#protocol/documents/date';
import {
  foreignAuthority,
  lineCertificate,
  lineKeys,
  lineUpTo,
} from '#test/support/authority-line';
import { certificate } from '#test/support/meter';

const chain = lineUpTo(4);
const from = (sequence: number, documents = chain) =>
  authorityKeysFrom(nodeCrypto, lineKeys(sequence).publicKey, documents);
const numbers = (keys: ReturnType<typeof from>) => keys.map(({ sequence }) => sequence);
const firstDay = (sequence: number): number => {
  const read = authorityKeyDocument.read(lineCertificate(sequence));
  return read.ok ? read.value.validFrom : 0;
};

describe('from any key of the line', () => {
  test.each([1, 2, 3, 4])('number %i, all of them are known', (sequence) => {
    const keys = from(sequence);

    expect(numbers(keys)).toEqual([1, 2, 3, 4]);
    expect(currentKey(keys).publicKey).toEqual(lineKeys(4).publicKey);
  });

  test('each counts until the next one begins', () => {
    const keys = from(2);

    expect(keys.map(({ validFrom, validTo }) => [validFrom, validTo])).toEqual([
      [0, firstDay(2)],
      [firstDay(2), firstDay(3)],
      [firstDay(3), firstDay(4)],
      [firstDay(4), 99991231],
    ]);
  });
});

describe('what does not lead on is passed over', () => {
  const stranger = nodeCrypto.generateKeyPair();

  test('a key alone, of which no certificate is told', () => {
    expect(numbers(from(1, []))).toEqual([0]);
    expect(authorityKeysFrom(nodeCrypto, stranger.publicKey, chain)).toHaveLength(1);
  });

  test('a key that was not announced, and all behind it', () => {
    const forged = [
      ...lineUpTo(1),
      lineCertificate(2, { own: stranger }),
      lineCertificate(3),
      lineCertificate(4),
    ];

    expect(numbers(from(1, forged))).toEqual([1]);
  });

  test('an earlier key that the anchor does not name', () => {
    const forged = [lineCertificate(1, { own: foreignAuthority }), ...chain.slice(1)];

    expect(numbers(from(2, forged))).toEqual([2, 3, 4]);
  });

  test('a certificate that is missing', () => {
    expect(numbers(from(1, [chain[0], chain[2], chain[3]] as Uint8Array[]))).toEqual([1]);
  });
});

/** The certificate of a first key in the name of another authority. */
function ownFirst({ publicKey, privateKey }: KeyPair, authorityId: Uint8Array): Uint8Array {
  const fields = {
    authorityId,
    sequence: 1,
    previousKey: publicKey,
    publicKey,
    nextKeyHash: nodeCrypto.sha256(lineKeys(2).publicKey),
    validFrom: firstDay(1),
  };
  const unsigned = { ...fields, previousSignature: new Uint8Array(SIGNATURE_SIZE) };
  const core = authorityKeyDocument.encodeCore(unsigned).subarray(0, -SIGNATURE_SIZE);
  const previousSignature = nodeCrypto.sign(privateKey, core);
  return authorityKeyDocument.sign(nodeCrypto, privateKey, { ...fields, previousSignature });
}

describe('a chain that is told goes on from what is known', () => {
  const anchor = lineKeys(1).publicKey;
  const told = (known: readonly Uint8Array[], said: readonly Uint8Array[]) =>
    longerChain(nodeCrypto, anchor, known, said)?.length;

  test.each<[string, readonly Uint8Array[], readonly Uint8Array[], number | undefined]>([
    ['nothing known', [], chain, 4],
    ['two known', lineUpTo(2), chain, 4],
    ['nothing new', chain, chain, undefined],
    ['a shorter one', chain, lineUpTo(2), undefined],
    ['none', [], [], undefined],
  ])('%s', (_name, known, said, length) => {
    expect(told(known, said)).toBe(length);
  });

  test('whoever has the first key cannot announce another second one later', () => {
    const thief = foreignAuthority; // announced by the first key that fell into wrong hands
    const other = [
      lineCertificate(1, { next: thief }),
      lineCertificate(2, { own: thief }),
      lineCertificate(3, { previous: thief }),
    ];

    expect(told(lineUpTo(1), other)).toBeUndefined();
  });

  test('whoever has a key that ended cannot put a first key of his own before it', () => {
    const thief = nodeCrypto.generateKeyPair(); // with the second key, which fell into wrong hands
    const first = authorityKeyDocument.read(lineCertificate(1));
    if (!first.ok) throw new Error(first.status);
    const pairs = { previous: thief, own: lineKeys(2) };
    const { publicKey } = lineKeys(3);
    const other = [
      ownFirst(thief, first.value.authorityId),
      issueNextAuthorityKey(nodeCrypto, first.value, pairs, publicKey, firstDay(2)),
      ...chain.slice(2),
    ];

    expect(longerChain(nodeCrypto, publicKey, [], other)).toBeUndefined();
    expect(numbers(from(3, other))).toEqual([2, 3, 4]);
  });
});

describe('a certificate counts by the key of its day', () => {
  const key = nodeCrypto.generateKeyPair().publicKey;
  const signed = (sequence: number, validFrom: number) =>
    certificate('indicium', key, { validFrom }, lineKeys(sequence));
  const judged = (bytes: Uint8Array, anchor = 4): string => {
    const read = verifyCertificateInTime(nodeCrypto, from(anchor), bytes, { usage: 'indicium' });
    return read.ok ? 'ok' : read.status;
  };

  test.each<[string, number, number, string]>([
    ['of the first key, long ago', 1, 20200101, 'ok'],
    ['of the first key, on the day it ended', 1, firstDay(2), 'ok'],
    ['of the first key, after it ended', 1, addDays(firstDay(2), 1), 'signatureInvalid'],
    ['of the second key, before it began', 2, addDays(firstDay(2), -1), 'signatureInvalid'],
    ['of the second key, in its time', 2, firstDay(2), 'ok'],
    ['of the key of today', 4, firstDay(4), 'ok'],
    ['of a key that is only announced', 5, firstDay(4), 'signatureInvalid'],
  ])('%s', (_name, sequence, validFrom, verdict) => {
    expect(judged(signed(sequence, validFrom))).toBe(verdict);
    expect(judged(signed(sequence, validFrom), 1)).toBe(verdict);
  });
});
