/** Random bytes that a seed decides, so that what a test saw once it sees again. Not for anything but tests. */

import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';

export function seededRandom(seed: string): (size: number) => Uint8Array {
  let block = 0;
  return (size) => {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += 32) {
      const digest = sha256(utf8ToBytes(`${seed} ${block++}`));
      bytes.set(digest.subarray(0, size - at), at);
    }
    return bytes;
  };
}
