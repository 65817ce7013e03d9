/**
 * A private key with its certificates in one file under a password (requirements.md D3; RFC 7292): the key as a meter
 * encrypted it, with a MAC by SHA-256. Certificates are no secret and stand in clear.
 */

import { createHash, createHmac, randomBytes } from 'node:crypto';
import {
  contextTag,
  element,
  octetString,
  sequence,
  setOf,
  tags,
  unsignedInteger,
} from '#protocol/der';
import { ids, oid } from '../cms/oids.ts';
import { sha256 } from '../digest.ts';
import { plainBytes } from '../plain-bytes.ts';

const shroudedKeyBag = oid('1.2.840.113549.1.12.10.1.2');
const certificateBag = oid('1.2.840.113549.1.12.10.1.3');
const x509Certificate = oid('1.2.840.113549.1.9.22.1');
const localKeyId = oid('1.2.840.113549.1.9.21');
const sha256Identifier = sequence(oid(ids.sha256), element(5));

const MAC_ROUNDS = 100_000;
const SALT_SIZE = 16;
const VERSION_3 = Uint8Array.of(3);

export interface KeyBundle {
  /** EncryptedPrivateKeyInfo, under the same password. */
  readonly encryptedKey: Uint8Array;
  /** DER; the first one is that of the key. */
  readonly certificates: readonly Uint8Array[];
}

const explicit = (...content: readonly Uint8Array[]): Uint8Array =>
  element(contextTag(0, true), ...content);

/**
 * PFX.
 * @param password UTF-8, as the key of the encrypted private key came of
 */
export function encodeKeyBundle(bundle: KeyBundle, password: Uint8Array): Uint8Array {
  const { encryptedKey, certificates } = bundle;
  const [own = new Uint8Array(0)] = certificates;
  const pairing = setOf(sequence(localKeyId, setOf(octetString(sha256(own).subarray(0, 20)))));
  const bags = sequence(
    sequence(shroudedKeyBag, explicit(encryptedKey), pairing),
    ...certificates.map((certificate) =>
      sequence(
        certificateBag,
        explicit(sequence(x509Certificate, explicit(octetString(certificate)))),
        ...(certificate === own ? [pairing] : []),
      ),
    ),
  );
  const safe = sequence(sequence(oid(ids.data), explicit(octetString(bags))));
  return sequence(
    element(tags.integer, VERSION_3),
    sequence(oid(ids.data), explicit(octetString(safe))),
    macOf(safe, password),
  );
}

function macOf(content: Uint8Array, password: Uint8Array): Uint8Array {
  const salt = plainBytes(randomBytes(SALT_SIZE));
  const key = macKey(bmpString(password), salt, MAC_ROUNDS);
  const mac = createHmac('sha256', key).update(content).digest();
  key.fill(0);
  return sequence(
    sequence(sha256Identifier, octetString(mac)),
    octetString(salt),
    unsignedInteger(Uint8Array.of(MAC_ROUNDS >>> 16, MAC_ROUNDS >>> 8, MAC_ROUNDS)),
  );
}

/** UTF-16 with a zero behind it (RFC 7292 B.1). */
function bmpString(password: Uint8Array): Uint8Array {
  const text = Buffer.from(`${new TextDecoder().decode(password)}\0`, 'utf16le');
  return plainBytes(text.swap16());
}

const BLOCK_SIZE = 64;

/** The key of the MAC, which one block of the hash is enough for (RFC 7292 B.2, with ID 3). */
function macKey(password: Uint8Array, salt: Uint8Array, rounds: number): Uint8Array {
  const diversifier = new Uint8Array(BLOCK_SIZE).fill(3);
  let key = sha256(diversifier, filled(salt), filled(password));
  for (let round = 1; round < rounds; round++)
    key = plainBytes(createHash('sha256').update(key).digest());
  return key;
}

/** Repeated up to whole blocks. */
function filled(bytes: Uint8Array): Uint8Array {
  const size = Math.ceil(bytes.length / BLOCK_SIZE) * BLOCK_SIZE;
  return Uint8Array.from({ length: size }, (_, at) => bytes[at % bytes.length] ?? 0);
}
