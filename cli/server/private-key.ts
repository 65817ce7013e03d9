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

/** @returns undefined where the file holds no private key on P-256 */
export function privateKeyFromPem(pem: Uint8Array): KeyPair | undefined {
  let sec1: Buffer;
  try {
    const key = createPrivateKey({ key: Buffer.from(pem), format: 'pem' });
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
