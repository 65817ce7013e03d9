/** The algorithms that the image uses: those of the protocol, and the one that makes a key of a password. */

import type { Crypto } from '#protocol/crypto';

/** Without a KEM, which is more than the image was measured with (docs/channel.md section 12). */
export interface ImageCrypto extends Omit<Crypto, 'kem'> {
  /** PBKDF2 with HMAC-SHA-256 (SP 800-132): 32 bytes. */
  stretchPassword(password: Uint8Array, salt: Uint8Array, iterations: number): Uint8Array;
}
