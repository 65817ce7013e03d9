/** The short name of a public key in documents: the first 8 bytes of the SHA-256 of the compressed key. */

import type { Crypto } from '../crypto.ts';

export const KEY_ID_SIZE = 8;

/** @param publicKey 33 bytes, compressed point on P-256 */
export function keyId(crypto: Crypto, publicKey: Uint8Array): Uint8Array {
  return crypto.sha256(publicKey).subarray(0, KEY_ID_SIZE);
}
