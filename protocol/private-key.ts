/** A private key on P-256 out of random bytes (FIPS 186-5 A.2.1): the same key, whatever computes the rest. */

import { PRIVATE_KEY_SIZE } from './crypto.ts';

/** 128 bits more than the key has, so that the remainder has no bias to speak of. */
export const PRIVATE_KEY_SEED_SIZE = 48;

/** The order of the group (SP 800-186 3.2.1.3). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Whether 32 bytes are a private key: 1 to the order of the group, without it. */
export function isPrivateKey(bytes: Uint8Array): boolean {
  const number = bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  return bytes.length === PRIVATE_KEY_SIZE && number > 0n && number < ORDER;
}

/** @param seed 48 random bytes, which stay the caller's to wipe */
export function privateKeyFromSeed(seed: Uint8Array): Uint8Array {
  if (seed.length !== PRIVATE_KEY_SEED_SIZE)
    throw new RangeError(`a key is made of ${PRIVATE_KEY_SEED_SIZE} bytes, not ${seed.length}`);
  let number = 0n;
  for (const byte of seed) number = (number << 8n) | BigInt(byte);
  let rest = (number % (ORDER - 1n)) + 1n;
  const privateKey = new Uint8Array(PRIVATE_KEY_SIZE);
  for (let place = PRIVATE_KEY_SIZE - 1; place >= 0; place--) {
    privateKey[place] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return privateKey;
}
