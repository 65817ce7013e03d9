/** The algorithms of the image by name, for whoever runs test vectors against it; no port leads here. */

import type { Hardware } from '#hw/hardware';
import { kdfCounter } from '#protocol/kdf';
import { boardCrypto } from './board-crypto.ts';
import { createDrbg } from './drbg.ts';
import { randomBytes } from './shims.ts';

/** Evaluated when a key is first wrapped; see board-crypto.ts. */
declare function require(module: './key-wrap.ts'): typeof import('./key-wrap.ts');

/** As they are computed on a board, by the same code that the firmware uses there. */
export function algorithmsOn(hardware: Pick<Hardware, 'cryptoEngine'>) {
  const crypto = boardCrypto(hardware, randomBytes);
  return {
    ...crypto,
    createDrbg,
    kdfCounter: (key: Uint8Array, fixedData: Uint8Array, size: number): Uint8Array =>
      kdfCounter(crypto, key, fixedData, size),
    wrapKey: (wrappingKey: Uint8Array, key: Uint8Array): Uint8Array =>
      require('./key-wrap.ts').wrapKey(wrappingKey, key),
    unwrapKey: (wrappingKey: Uint8Array, wrapped: Uint8Array): Uint8Array | undefined =>
      require('./key-wrap.ts').unwrapKey(wrappingKey, wrapped),
  };
}
