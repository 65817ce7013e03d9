/** The algorithms of a simulated host: Node's, with every random byte from a seed, and signatures that are the same each time. */

import { nodeCrypto } from '#driver/node-crypto';
import { sign } from '#emulator/p256';
import type { Crypto } from '#protocol/crypto';
import { PRIVATE_KEY_SEED_SIZE, privateKeyFromSeed } from '#protocol/private-key';
import type { Random } from './random.ts';

export function seededCrypto(random: Random): Crypto {
  return {
    ...nodeCrypto,
    randomBytes: (size) => random.bytes(size),
    generateKeyPair() {
      const privateKey = privateKeyFromSeed(random.bytes(PRIVATE_KEY_SEED_SIZE));
      return { privateKey, publicKey: nodeCrypto.publicKeyOf(privateKey) };
    },
    sign, // Node would draw the nonce of a signature itself; this one is that of RFC 6979
  };
}
