/**
 * The certificate of an authority key: which key follows which, and the hash of the one that comes next (requirements.md
 * D8, G8), 246 bytes.
 *
 * Two keys sign it. The key before vouches for it, so that whoever holds that one can go on to this one; the first key is
 * its own. The key itself vouches for the one before, so that whoever holds this one can still judge what that one signed.
 */

import { equalBytes } from '../bytes.ts';
import { type Crypto, type KeyPair, SIGNATURE_SIZE } from '../crypto.ts';
import { bytes, u32 } from '../fields.ts';
import { ok, type Result, refuse } from '../result.ts';
import { date, keyIdField, publicKey } from './document-fields.ts';
import { keyId } from './key-id.ts';
import { signedDocument } from './signed-document.ts';

export const AUTHORITY_KEY_SIZE = 246;
const KEY_HASH_SIZE = 32;

export interface AuthorityKeyFields {
  /** {@link keyId} of the first key of this authority. */
  readonly authorityId: Uint8Array;
  /** 1 for the first key, then 1 more for each. */
  readonly sequence: number;
  /** The key before; of the first one, itself. */
  readonly previousKey: Uint8Array;
  readonly publicKey: Uint8Array;
  /** SHA-256 of the compressed key that comes next: no other can. */
  readonly nextKeyHash: Uint8Array;
  /** First day, YYYYMMDD. */
  readonly validFrom: number;
}
export interface AuthorityKey extends AuthorityKeyFields {
  /** By the key before, over all that comes before it. */
  readonly previousSignature: Uint8Array;
}

export const authorityKeyDocument = signedDocument<AuthorityKey>(
  'TAK1',
  {
    authorityId: keyIdField,
    sequence: u32,
    previousKey: publicKey,
    publicKey,
    nextKeyHash: bytes(KEY_HASH_SIZE),
    validFrom: date,
    previousSignature: bytes(SIGNATURE_SIZE),
  },
  ({ sequence, previousKey, publicKey: key }) =>
    sequence > 0 && (sequence === 1) === equalBytes(previousKey, key),
);

/** Bytes that the key before signs: all but the two signatures. */
const signedByPrevious = (document: Uint8Array): Uint8Array =>
  document.subarray(0, document.length - 2 * SIGNATURE_SIZE);

/** The first key of an authority. @throws Error where a field does not fit: a bug of the caller */
export function issueFirstAuthorityKey(
  crypto: Crypto,
  own: KeyPair,
  nextKey: Uint8Array,
  validFrom: number,
): Uint8Array {
  return issue(crypto, own, own, {
    authorityId: keyId(crypto, own.publicKey),
    sequence: 1,
    previousKey: own.publicKey,
    publicKey: own.publicKey,
    nextKeyHash: crypto.sha256(nextKey),
    validFrom,
  });
}

/**
 * The key that takes the place of another.
 * @param before the certificate of the key that ends
 * @param nextKey the one that will take the place of the new one
 */
export function issueNextAuthorityKey(
  crypto: Crypto,
  before: AuthorityKey,
  pairs: { readonly previous: KeyPair; readonly own: KeyPair },
  nextKey: Uint8Array,
  validFrom: number,
): Uint8Array {
  const { previous, own } = pairs;
  return issue(crypto, previous, own, {
    authorityId: before.authorityId,
    sequence: before.sequence + 1,
    previousKey: previous.publicKey,
    publicKey: own.publicKey,
    nextKeyHash: crypto.sha256(nextKey),
    validFrom,
  });
}

function issue(
  crypto: Crypto,
  previous: KeyPair,
  own: KeyPair,
  fields: AuthorityKeyFields,
): Uint8Array {
  const unsigned = { ...fields, previousSignature: new Uint8Array(SIGNATURE_SIZE) };
  const core = authorityKeyDocument.encodeCore(unsigned).subarray(0, -SIGNATURE_SIZE);
  const previousSignature = crypto.sign(previous.privateKey, core);
  return authorityKeyDocument.sign(crypto, own.privateKey, { ...fields, previousSignature });
}

/** That both keys signed it; whom it follows is for {@link followAuthority}. Refusals: `documentMalformed`, `signatureInvalid`. */
export function verifyAuthorityKey(crypto: Crypto, document: Uint8Array): Result<AuthorityKey> {
  const read = authorityKeyDocument.read(document);
  if (!read.ok) return read;
  const { previousKey, previousSignature } = read.value;
  if (!crypto.verify(previousKey, signedByPrevious(document), previousSignature))
    return refuse('signatureInvalid');
  return authorityKeyDocument.verify(crypto, read.value.publicKey, document);
}

/** The authority as somebody holds it: its key, and the certificate of it, which has the announcement of the next one. */
export interface HeldAuthority {
  readonly publicKey: Uint8Array;
  /** Undefined before there was one. */
  readonly certificate: AuthorityKey | undefined;
}

/**
 * Whether a certificate is the next step from what is held: the announcement that was missing yet, or the key that was
 * announced. Refusals: `documentMalformed` · `signatureInvalid` not by the key that is held, or another authority ·
 * `documentOutdated` the same or an earlier key · `authorityKeyOutOfTurn` a key between is missing ·
 * `authorityKeyUnannounced` not the key whose hash was told.
 */
export function followAuthority(
  crypto: Crypto,
  held: HeldAuthority,
  document: Uint8Array,
): Result<AuthorityKey> {
  const read = verifyAuthorityKey(crypto, document);
  if (!read.ok) return read;
  const { authorityId, sequence, previousKey, publicKey: key } = read.value;
  const { certificate } = held;
  if (certificate === undefined) {
    if (equalBytes(key, held.publicKey)) return read;
    return refuse(
      equalBytes(previousKey, held.publicKey) ? 'authorityKeyUnannounced' : 'signatureInvalid',
    );
  }
  if (!equalBytes(authorityId, certificate.authorityId)) return refuse('signatureInvalid');
  if (sequence <= certificate.sequence) return refuse('documentOutdated');
  if (sequence > certificate.sequence + 1) return refuse('authorityKeyOutOfTurn');
  if (!equalBytes(previousKey, held.publicKey)) return refuse('signatureInvalid');
  return equalBytes(crypto.sha256(key), certificate.nextKeyHash)
    ? ok(read.value)
    : refuse('authorityKeyUnannounced');
}
