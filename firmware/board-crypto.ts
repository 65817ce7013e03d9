/** What computes the algorithms of the image on this board: its crypto engine or, without one, noble. */

import type { Hardware } from '#hw/hardware';
import { engineCrypto } from './engine-crypto.ts';
import type { ImageCrypto } from './image-crypto.ts';

/**
 * The bundler evaluates a module that is required when it is required and not before, so that a board with an engine
 * does not make noble's tables at every start.
 */
declare function require(module: './software-crypto.ts'): typeof import('./software-crypto.ts');

/** @param randomBytes the generator that keys and nonces come from */
export function boardCrypto(
  { cryptoEngine }: Pick<Hardware, 'cryptoEngine'>,
  randomBytes: (size: number) => Uint8Array,
): ImageCrypto {
  if (cryptoEngine !== undefined) return engineCrypto(cryptoEngine, randomBytes);
  return require('./software-crypto.ts').softwareCrypto(randomBytes);
}
