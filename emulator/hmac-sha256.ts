/** HMAC-SHA-256 on the hash of node:crypto, whose own HMAC takes four times as long for a short message to begin. */

import { hash } from 'node:crypto';

const BLOCK_SIZE = 64;

/** FIPS 198-1, 4. @param key at most 64 bytes */
export function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
  if (key.length > BLOCK_SIZE) throw new RangeError(`a key of ${key.length} bytes is hashed first`);
  const inner = hash('sha256', Buffer.concat([padded(key, 0x36), ...parts]), 'buffer');
  return hash('sha256', Buffer.concat([padded(key, 0x5c), inner]), 'buffer');
}

function padded(key: Uint8Array, pad: number): Uint8Array {
  const block = new Uint8Array(BLOCK_SIZE).fill(pad);
  for (let place = 0; place < key.length; place++) block[place] = (key[place] as number) ^ pad;
  return block;
}
