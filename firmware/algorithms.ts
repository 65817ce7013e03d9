/** The algorithms of the image by name, for whoever runs test vectors against it; no port leads here. */

import type { Hardware } from '#hw/hardware';
import { kdfCounter } from '#protocol/kdf';
import { boardCrypto } from './board-crypto.ts';
import { createDrbg } from './drbg.ts';
import { randomBytes } from './shims.ts';

/** As they are computed on a board, by the same code that the firmware uses there. */
export function algorithmsOn(hardware: Pick<Hardware, 'cryptoEngine'>) {
  const crypto = boardCrypto(hardware, randomBytes);
  return {
    ...crypto,
    createDrbg,
    kdfCounter: (key: Uint8Array, fixedData: Uint8Array, size: number): Uint8Array =>
      kdfCounter(crypto, key, fixedData, size),
  };
}
