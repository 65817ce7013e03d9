/** The engine of the boot ROM: SHA-256 and ECDSA verification by Node, since it works at every start of every board. */

import { createHash } from 'node:crypto';
import type { Crypto } from '#protocol/crypto';
import { nobleCrypto } from '#protocol/noble-crypto';
import { isSignature } from './p256.ts';

/** What a boot ROM does not compute is left to noble, but for random bytes: it has none. */
export const bootCrypto: Crypto = {
  ...nobleCrypto(() => {
    throw new Error('the boot ROM has no random bytes');
  }),
  sha256(...parts) {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return Uint8Array.from(hash.digest());
  },
  verify: isSignature,
};
