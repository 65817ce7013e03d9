/**
 * Key derivation: the two steps of SP 800-56C rev. 2 (section 5), the second of which is the counter mode of
 * SP 800-108 rev. 1 (section 4.1), both with HMAC-SHA-256; and the one step of ANSI X9.63, which CMS has.
 */

import { ascii, joinBytes } from './bytes.ts';
import { type Crypto, DIGEST_SIZE } from './crypto.ts';

/** Randomness extraction (SP 800-56C 5.1): the key-derivation key out of a shared secret. */
export function extractKey(crypto: Crypto, salt: Uint8Array, secret: Uint8Array): Uint8Array {
  return crypto.hmac(salt, secret);
}

/**
 * Key expansion (SP 800-56C 5.2): fixed data = label ‖ 00 ‖ context ‖ L, where L is the size in bits, 32 bits big-endian.
 * @param label ASCII; says what the key is for
 * @param size bytes
 */
export function expandKey(
  crypto: Crypto,
  key: Uint8Array,
  label: string,
  context: Uint8Array,
  size: number,
): Uint8Array {
  const zero = new Uint8Array(1);
  return kdfCounter(crypto, key, joinBytes(ascii(label), zero, context, u32be(size * 8)), size);
}

/**
 * SP 800-108 4.1: K(i) = HMAC(key, i ‖ fixed data), i from 1, 32 bits big-endian.
 * @param size bytes, 1 to 8160
 * @throws RangeError for another size
 */
export function kdfCounter(
  crypto: Crypto,
  key: Uint8Array,
  fixedData: Uint8Array,
  size: number,
): Uint8Array {
  return derivedBy((count) => crypto.hmac(key, count, fixedData), size);
}

function derivedBy(blockOf: (count: Uint8Array) => Uint8Array, size: number): Uint8Array {
  if (!Number.isInteger(size) || size < 1 || size > SIZE_MAX)
    throw new RangeError(`a derived key has 1 to ${SIZE_MAX} bytes, not ${size}`);
  const derived = new Uint8Array(size);
  for (let block = 0; block * DIGEST_SIZE < size; block++) {
    const bytes = blockOf(u32be(block + 1));
    derived.set(bytes.subarray(0, size - block * DIGEST_SIZE), block * DIGEST_SIZE);
    bytes.fill(0);
  }
  return derived;
}

/** Our own bound; the standard's is 2^32 - 1 blocks. */
const SIZE_MAX = 255 * DIGEST_SIZE;

/**
 * The KDF of ANSI X9.63 with SHA-256 (SEC 1 3.6.1): SHA-256 of secret ‖ i ‖ shared info, i from 1, 32 bits big-endian.
 * @param size bytes, 1 to 8160; @throws RangeError for another size
 */
export function x963Key(
  crypto: Pick<Crypto, 'sha256'>,
  secret: Uint8Array,
  sharedInfo: Uint8Array,
  size: number,
): Uint8Array {
  return derivedBy((count) => crypto.sha256(secret, count, sharedInfo), size);
}

function u32be(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}
