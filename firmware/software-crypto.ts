/** The algorithms of the image in JavaScript alone, for a board without a crypto engine. */

import { pbkdf2 } from '@noble/hashes/pbkdf2.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { nobleCrypto } from '#protocol/noble-crypto';
import type { ImageCrypto } from './image-crypto.ts';

export function softwareCrypto(randomBytes: (size: number) => Uint8Array): ImageCrypto {
  return {
    ...nobleCrypto(randomBytes),
    stretchPassword: (password, salt, iterations) =>
      pbkdf2(sha256, password, salt, { c: iterations, dkLen: 32 }),
  };
}
