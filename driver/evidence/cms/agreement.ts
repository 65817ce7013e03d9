/**
 * How a content key goes to somebody whose key agrees (RFC 5753 3.1, 7.1.4): ECDH on P-256, X9.63 with SHA-256, AES-256
 * key wrap. A meter does that inside; this is the same on a host, for who has a key in software.
 */

import { createCipheriv, createDecipheriv } from 'node:crypto';
import { joinBytes, wipe } from '#protocol/bytes';
import { contextTag, element, octetString, sequence } from '#protocol/der';
import { nodeCrypto } from '../../node-crypto.ts';
import { sha256 } from '../digest.ts';
import { plainBytes } from '../plain-bytes.ts';
import { oid } from './oids.ts';

export const agreementIds = {
  /** dhSinglePass-stdDH-sha256kdf-scheme */
  sha256Kdf: '1.3.132.1.11.1',
  aes256Wrap: '2.16.840.1.101.3.4.1.45',
} as const;

export const wrapIdentifier = sequence(oid(agreementIds.aes256Wrap));

/** What a sender has beside the content key, and a receiver gets. */
export interface AgreedKey {
  /** Made for this message alone, 33 bytes. */
  readonly ephemeralKey: Uint8Array;
  readonly wrappedKey: Uint8Array;
}

/** ECC-CMS-SharedInfo of an AES-256 key. @param material of the sender (ukm), where there is some */
export function sharedInfo(material?: Uint8Array): Uint8Array {
  const bits = Uint8Array.of(0, 0, 1, 0);
  const given = material === undefined ? [] : [element(contextTag(0, true), octetString(material))];
  return sequence(wrapIdentifier, ...given, element(contextTag(2, true), octetString(bits)));
}

const FIRST = Uint8Array.of(0, 0, 0, 1);
const WRAP_IV = Buffer.alloc(8, 0xa6);

function wrappingKey(privateKey: Uint8Array, publicKey: Uint8Array, info: Uint8Array): Uint8Array {
  const secret = nodeCrypto.agree(privateKey, publicKey);
  if (secret === undefined) throw new RangeError('no point of the curve');
  try {
    return sha256(joinBytes(secret, FIRST, info));
  } finally {
    wipe(secret);
  }
}

/** Wraps a content key for the holder of a public key. @throws RangeError where that is none */
export function wrapFor(publicKey: Uint8Array, contentKey: Uint8Array): AgreedKey {
  const pair = nodeCrypto.generateKeyPair();
  const key = wrappingKey(pair.privateKey, publicKey, sharedInfo());
  try {
    const cipher = createCipheriv('id-aes256-wrap', key, WRAP_IV);
    const wrappedKey = plainBytes(Buffer.concat([cipher.update(contentKey), cipher.final()]));
    return { ephemeralKey: pair.publicKey, wrappedKey };
  } finally {
    wipe(key, pair.privateKey);
  }
}

/** The content key; undefined where it was not wrapped for this one. */
export function unwrap(
  privateKey: Uint8Array,
  { ephemeralKey, wrappedKey }: AgreedKey,
  info: Uint8Array = sharedInfo(),
): Uint8Array | undefined {
  const key = wrappingKey(privateKey, ephemeralKey, info);
  try {
    const decipher = createDecipheriv('id-aes256-wrap', key, WRAP_IV);
    return plainBytes(Buffer.concat([decipher.update(wrappedKey), decipher.final()]));
  } catch {
    return undefined; // OpenSSL tells by throwing that what is unwrapped is not whole
  } finally {
    wipe(key);
  }
}
