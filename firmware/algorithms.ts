/** The algorithms of the image by name, for whoever runs test vectors against it; no port leads here. */

import { kdfCounter } from '#protocol/kdf';
import { nobleCrypto } from '#protocol/noble-crypto';
import { createDrbg } from './drbg.ts';
import { randomBytes } from './shims.ts';
import { stretchPassword } from './vault.ts';

const { sha256, hmac, seal, open, generateKeyPair, publicKeyOf, sign, verify, agree } =
  nobleCrypto(randomBytes);

export const algorithms = {
  sha256,
  hmac,
  seal,
  open,
  generateKeyPair,
  publicKeyOf,
  sign,
  verify,
  agree,
  createDrbg,
  stretchPassword,
  kdfCounter: (key: Uint8Array, fixedData: Uint8Array, size: number): Uint8Array =>
    kdfCounter({ hmac } as Parameters<typeof kdfCounter>[0], key, fixedData, size),
};
