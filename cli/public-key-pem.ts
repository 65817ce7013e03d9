/** A public key as other tools take it: SubjectPublicKeyInfo in PEM (RFC 5480), point not compressed. */

import { createPublicKey, ECDH } from 'node:crypto';

/** RFC 5480: id-ecPublicKey on secp256r1, then a bit string of 65 bytes. */
const SPKI_HEAD = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');

/** @param publicKey 33 bytes, compressed point on P-256 */
export function publicKeyToPem(publicKey: Uint8Array): string {
  const point = ECDH.convertKey(publicKey, 'prime256v1', undefined, undefined, 'uncompressed');
  const der = Buffer.concat([SPKI_HEAD, point as Buffer]);
  return createPublicKey({ key: der, format: 'der', type: 'spki' })
    .export({ format: 'pem', type: 'spki' })
    .toString();
}
