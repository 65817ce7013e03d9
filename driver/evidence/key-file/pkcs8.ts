/**
 * Private keys under a password (requirements.md D3; RFC 5958, RFC 8018 6.2): what a meter encrypted, in the form that the
 * world's tools read. The host never has the key; it has the password.
 */

import { element, octetString, sequence, unsignedInteger } from '#protocol/der';
import { oid } from '../cms/oids.ts';
import type { FileKey } from './password.ts';

/** A PrivateKeyInfo under AES-256 in CBC. */
export interface EncryptedKey {
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
}

const pbes2 = oid('1.2.840.113549.1.5.13');
const pbkdf2 = oid('1.2.840.113549.1.5.12');
const hmacWithSha256 = oid('1.2.840.113549.2.9');
const aes256Cbc = oid('2.16.840.1.101.3.4.1.42');
const nothing = element(5);

/** EncryptedPrivateKeyInfo. @param from the password's key, under which the meter encrypted */
export function encodeEncryptedKey(
  { salt, rounds }: Omit<FileKey, 'key'>,
  { iv, ciphertext }: EncryptedKey,
): Uint8Array {
  const derivation = sequence(
    pbkdf2,
    sequence(octetString(salt), integer(rounds), sequence(hmacWithSha256, nothing)),
  );
  const encryption = sequence(aes256Cbc, octetString(iv));
  return sequence(sequence(pbes2, sequence(derivation, encryption)), octetString(ciphertext));
}

const integer = (value: number): Uint8Array =>
  unsignedInteger(Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value));
