/** A key pair that is born in the device (requirements.md C3): its private key leaves no copy but the one under seal. */

import { wipe } from '#protocol/bytes';
import type { Crypto } from '#protocol/crypto';
import { checkPair } from './self-test.ts';
import { sealSecret } from './vault.ts';

export interface BornPair {
  readonly publicKey: Uint8Array;
  /** Empty where there is no pair, as the public key then. */
  readonly sealedKey: Uint8Array;
}

/** @throws Fault `selfTestFailed` where the two keys do not belong together */
export function bornPair(crypto: Crypto, sealKey: Uint8Array, label: string): BornPair {
  const pair = crypto.generateKeyPair();
  const { publicKey, privateKey } = pair;
  try {
    checkPair(crypto, pair);
    return { publicKey, sealedKey: sealSecret(crypto, sealKey, label, privateKey) };
  } finally {
    wipe(privateKey);
  }
}
