/**
 * All keys that an authority has had, known from one that is believed: later ones because the one before signed and announced
 * them, earlier ones because the one behind vouches for them (requirements.md D8, G8).
 */

import { equalBytes } from '../bytes.ts';
import type { Crypto } from '../crypto.ts';
import { type Result, refuse } from '../result.ts';
import { type AuthorityKey, followAuthority, verifyAuthorityKey } from './authority-key.ts';
import {
  type CertificateDemand,
  type CompactCertificate,
  readCompactCertificate,
  verifyCompactCertificate,
} from './compact-certificate.ts';
import { keyId } from './key-id.ts';

/** A key, and the days on which it signed. */
export interface AuthorityKeyInTime {
  readonly publicKey: Uint8Array;
  /** 0 where its certificate is not known: whoever believes it knows no chain. */
  readonly sequence: number;
  /** YYYYMMDD; 0 of the first key, which may have signed before it had a certificate. */
  readonly validFrom: number;
  /** The first day of the key behind it, on which both may have signed. */
  readonly validTo: number;
}

const NO_END = 99_991_231;

/** The first one first. The last one is the key of today. */
export type AuthorityKeys = readonly [AuthorityKeyInTime, ...AuthorityKeyInTime[]];

/** One key alone, of which no certificate is known. */
const soleAuthorityKey = (publicKey: Uint8Array): AuthorityKeys => [
  { publicKey, sequence: 0, validFrom: 0, validTo: NO_END },
];

/** The key of today. */
export const currentKey = (keys: AuthorityKeys): AuthorityKeyInTime =>
  keys.at(-1) as AuthorityKeyInTime; // its type says that there is one

/**
 * What is to be believed of a chain. What does not lead on from the anchor is passed over: it proves nothing.
 * @param anchor the key that is believed
 * @param chain certificates by their sequence, the first one first
 */
export function authorityKeysFrom(
  crypto: Crypto,
  anchor: Uint8Array,
  chain: readonly Uint8Array[],
): AuthorityKeys {
  const place = chain.findIndex((document) => {
    const read = verifyAuthorityKey(crypto, document);
    return read.ok && equalBytes(read.value.publicKey, anchor);
  });
  const own = verifyAuthorityKey(crypto, chain[place] ?? new Uint8Array(0));
  if (!own.ok) return soleAuthorityKey(anchor);
  const before = keysBefore(crypto, own.value, chain.slice(0, place));
  const behind = keysBehind(crypto, own.value, chain.slice(place + 1));
  return inTime([...before, own.value, ...behind]);
}

/** Whether a chain is believed from its first key to its last. */
export const isWholeChain = (keys: AuthorityKeys, chain: readonly Uint8Array[]): boolean =>
  keys.length === chain.length && keys[0].sequence === 1;

/**
 * A chain that was told, where it goes on from the one that is known: what contradicts it is not believed, since an earlier
 * key that fell into wrong hands could make another one.
 * @returns undefined where nothing new is to be believed
 */
export function longerChain(
  crypto: Crypto,
  anchor: Uint8Array,
  known: readonly Uint8Array[],
  told: readonly Uint8Array[],
): readonly Uint8Array[] | undefined {
  const goesOn = known.every((one, place) => equalBytes(one, told[place] ?? new Uint8Array(0)));
  const isLonger = told.length > known.length;
  return goesOn && isLonger && isWholeChain(authorityKeysFrom(crypto, anchor, told), told)
    ? told
    : undefined;
}

function keysBehind(
  crypto: Crypto,
  own: AuthorityKey,
  chain: readonly Uint8Array[],
): readonly AuthorityKey[] {
  const keys: AuthorityKey[] = [];
  let held = own;
  for (const document of chain) {
    const { publicKey } = held;
    const next = followAuthority(crypto, { publicKey, certificate: held }, document);
    if (!next.ok) break;
    held = next.value;
    keys.push(held);
  }
  return keys;
}

function keysBefore(
  crypto: Crypto,
  own: AuthorityKey,
  chain: readonly Uint8Array[],
): readonly AuthorityKey[] {
  const keys: AuthorityKey[] = [];
  let behind = own;
  for (const document of chain.toReversed()) {
    const before = verifyAuthorityKey(crypto, document);
    if (!before.ok || !precedes(crypto, before.value, behind)) break;
    behind = before.value;
    keys.unshift(behind);
  }
  return keys;
}

/**
 * That the key behind names it is its own word; what else it says must fit. The first key is the one that the authority is named
 * by: a key that ended and was stolen could name any other.
 */
function precedes(crypto: Crypto, before: AuthorityKey, behind: AuthorityKey): boolean {
  const isNamed =
    before.sequence > 1 || equalBytes(keyId(crypto, before.publicKey), before.authorityId);
  return (
    isNamed &&
    equalBytes(crypto.sha256(behind.publicKey), before.nextKeyHash) &&
    equalBytes(before.publicKey, behind.previousKey) &&
    equalBytes(before.authorityId, behind.authorityId) &&
    before.sequence === behind.sequence - 1
  );
}

function inTime(keys: readonly AuthorityKey[]): AuthorityKeys {
  return keys.map(({ publicKey, sequence, validFrom }, place) => ({
    publicKey,
    sequence,
    validFrom: sequence === 1 ? 0 : validFrom,
    validTo: keys[place + 1]?.validFrom ?? NO_END,
  })) as unknown as AuthorityKeys; // the anchor is one of them at least
}

/**
 * A certificate that any of the keys signed, each in its time. Refusals: as {@link verifyCompactCertificate}, and
 * `signatureInvalid` where it begins on a day on which the key that signed it did not count.
 */
export function verifyCertificateInTime(
  crypto: Crypto,
  keys: AuthorityKeys,
  bytes: Uint8Array,
  demand: CertificateDemand,
): Result<CompactCertificate> {
  const claimed = readCompactCertificate(bytes);
  if (!claimed.ok) return claimed;
  const { issuerKeyId, validFrom } = claimed.value;
  const key = keys.find(({ publicKey }) => equalBytes(keyId(crypto, publicKey), issuerKeyId));
  if (key === undefined || validFrom < key.validFrom || validFrom > key.validTo)
    return refuse('signatureInvalid');
  return verifyCompactCertificate(crypto, key.publicKey, bytes, demand);
}
