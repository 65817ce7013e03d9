/** ML-KEM-768 in JavaScript, as an image could carry it: for tests that need another one than Node's. */

import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import type { Kem } from '#protocol/crypto';

export const nobleKem: Kem = {
  generateKeyPair() {
    const { secretKey, publicKey } = ml_kem768.keygen();
    return { openingKey: secretKey, sealingKey: publicKey };
  },
  encapsulate(sealingKey) {
    try {
      const { sharedSecret, cipherText } = ml_kem768.encapsulate(sealingKey);
      return { secret: sharedSecret, ciphertext: cipherText };
    } catch {
      return undefined; // noble tells a coefficient out of range by throwing
    }
  },
  decapsulate: (openingKey, ciphertext) => ml_kem768.decapsulate(ciphertext, openingKey),
};
