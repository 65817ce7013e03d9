/** The private key of a server as a PEM file: PKCS#8 (RFC 5958), P-256, as `openssl` reads and writes it. */

import { createPrivateKey } from 'node:crypto';
import { hexToBytes } from '@noble/hashes/utils.js';
import { nodeCrypto } from '#driver/node-crypto';
import { joinBytes, wipe } from '#protocol/bytes';
import { type KeyPair, PRIVATE_KEY_SIZE } from '#protocol/crypto';

/** PKCS#8 around a SEC 1 private key without its public part: what precedes the 32 bytes. */
const PKCS8_HEAD = hexToBytes(
  '3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420',
);
/** SEC 1 (RFC 5915) puts the private key here, behind SEQUENCE, version 1 and OCTET STRING. */
const SEC1_KEY_OFFSET = 7;

/** @returns the bytes of the PEM file; wipe them after use */
export function privateKeyToPem({ privateKey }: KeyPair): Uint8Array {
  const der = joinBytes(PKCS8_HEAD, privateKey);
  try {
    const key = createPrivateKey({ key: Buffer.from(der.buffer), format: 'der', type: 'pkcs8' });
    return Uint8Array.from(Buffer.from(key.export({ format: 'pem', type: 'pkcs8' })));
  } finally {
    wipe(der);
  }
}

/** Bytes of a secret that seals a key. */
const SEAL_SECRET_SIZE = 32;

/** A random secret to seal a key with, in hexadecimal. */
export const sealSecretOf = (): Uint8Array =>
  Uint8Array.from(Buffer.from(nodeCrypto.randomBytes(SEAL_SECRET_SIZE)).toString('hex'), (digit) =>
    digit.charCodeAt(0),
  );

/** The same, encrypted (PKCS#8, AES-256): the secret is random, so that no guessing of passwords helps. */
export function sealedKeyToPem(pair: KeyPair, secret: Uint8Array): Uint8Array {
  const pem = privateKeyToPem(pair);
  try {
    const key = createPrivateKey({ key: Buffer.from(pem), format: 'pem' });
    const sealed = { format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc' } as const;
    return Uint8Array.from(Buffer.from(key.export({ ...sealed, passphrase: Buffer.from(secret) })));
  } finally {
    wipe(pem);
  }
}

/**
 * @param secret of a key that is sealed
 * @returns undefined where the file holds no private key on P-256, or it is not sealed with this secret
 */
export function privateKeyFromPem(pem: Uint8Array, secret?: Uint8Array): KeyPair | undefined {
  let sec1: Buffer;
  try {
    const passphrase = secret && { passphrase: Buffer.from(secret) };
    const key = createPrivateKey({ key: Buffer.from(pem), format: 'pem', ...passphrase });
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return undefined;
    sec1 = key.export({ format: 'der', type: 'sec1' });
  } catch {
    return undefined; // the reason would quote the file
  }
  const privateKey = Uint8Array.from(
    sec1.subarray(SEC1_KEY_OFFSET, SEC1_KEY_OFFSET + PRIVATE_KEY_SIZE),
  );
  wipe(sec1);
  return { privateKey, publicKey: nodeCrypto.publicKeyOf(privateKey) };
}
