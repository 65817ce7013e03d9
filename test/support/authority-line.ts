/** The keys of the test authority, one behind the other, with their certificates: the first is the one of the test meter. */

import type { KeyPair } from '#protocol/crypto';
import {
  authorityKeyDocument,
  issueFirstAuthorityKey,
  issueNextAuthorityKey,
} from '#protocol/documents/authority-key';
import { addDays } from '#protocol/documents/date';
import { nobleCrypto } from '#protocol/noble-crypto';
import { authorityKeys, TODAY } from './meter.ts';
import { seededRandom } from './seeded-random.ts';

const lineCrypto = nobleCrypto(seededRandom('the keys that follow one another'));
const KEYS = 6;

/** Key number 1, 2, …; the last one was only announced. */
const pairs: readonly KeyPair[] = [
  authorityKeys,
  ...Array.from({ length: KEYS - 1 }, () => lineCrypto.generateKeyPair()),
];

/** The pair of a number, from 1. */
export function lineKeys(sequence: number): KeyPair {
  const pair = pairs[sequence - 1];
  if (pair === undefined) throw new Error(`the line has no key ${sequence}`);
  return pair;
}

/** The first key of another authority, which announces a key of ours. */
export const foreignAuthority = lineCrypto.generateKeyPair();

export interface Deviation {
  readonly previous?: KeyPair;
  readonly own?: KeyPair;
  readonly next?: KeyPair;
}

/** The certificate of a key of the line, or one that deviates from it; the first is of 60 days ago, each of 10 days later. */
export function lineCertificate(sequence: number, deviation: Deviation = {}): Uint8Array {
  const validFrom = addDays(TODAY, 10 * (sequence - 7));
  const next = (deviation.next ?? lineKeys(sequence + 1)).publicKey;
  const own = deviation.own ?? lineKeys(sequence);
  if (sequence === 1) return issueFirstAuthorityKey(lineCrypto, own, next, validFrom);
  const before = authorityKeyDocument.read(lineCertificate(sequence - 1));
  if (!before.ok) throw new Error(before.status);
  const previous = deviation.previous ?? lineKeys(sequence - 1);
  return issueNextAuthorityKey(lineCrypto, before.value, { previous, own }, next, validFrom);
}

/** The certificates up to a number, the first one first. */
export const lineUpTo = (sequence: number): readonly Uint8Array[] =>
  Array.from({ length: sequence }, (_, place) => lineCertificate(place + 1));
