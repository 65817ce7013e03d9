/**
 * AES (FIPS 197) block by block, in 512 bytes of tables: those of noble for both directions take a megabyte, which a small
 * board does not have beside the rest. For keys on their way to others only; records and seals have the cipher of the board.
 */

import { wipe } from '#protocol/bytes';

export const BLOCK_SIZE = 16;

/** Times x in GF(2^8). */
const doubled = (byte: number): number => ((byte << 1) ^ ((byte >> 7) * 0x11b)) & 0xff;

const substitution = new Uint8Array(256);
const inverse = new Uint8Array(256);
makeTables();

/** Walks through the field by 3 and, the other way, by its inverse; the affine map is that of FIPS 197 5.1.1. */
function makeTables(): void {
  let power = 1;
  let inverted = 1;
  do {
    power ^= doubled(power);
    inverted ^= inverted << 1;
    inverted ^= inverted << 2;
    inverted = (inverted ^ (inverted << 4)) & 0xff;
    if (inverted >= 0x80) inverted ^= 0x09;
    let mapped = 0x63;
    for (let turn = 0; turn < 5; turn++)
      mapped ^= ((inverted << turn) | (inverted >> (8 - turn))) & 0xff;
    substitution[power] = mapped;
  } while (power !== 1);
  substitution[0] = 0x63;
  for (let byte = 0; byte < 256; byte++) inverse[substitution[byte] as number] = byte;
}

/** Works on blocks of 16 bytes in their place. */
export interface BlockCipher {
  encrypt(block: Uint8Array): void;
  decrypt(block: Uint8Array): void;
}

/** Lends the cipher of a key of 16, 24 or 32 bytes; what was made of the key is wiped afterwards. */
export function withAes<T>(key: Uint8Array, use: (cipher: BlockCipher) => T): T {
  const schedule = expanded(key);
  const spare = new Uint8Array(BLOCK_SIZE);
  const rounds = schedule.length / BLOCK_SIZE - 1;

  function addKey(block: Uint8Array, round: number): void {
    for (let at = 0; at < BLOCK_SIZE; at++)
      (block[at] as number) ^= schedule[round * BLOCK_SIZE + at] as number;
  }
  /** ShiftRows with SubBytes, or both undone. */
  function substitute(block: Uint8Array, table: Uint8Array, turn: 1 | 3): void {
    spare.set(block);
    for (let at = 0; at < BLOCK_SIZE; at++) {
      const from = (at + 4 * turn * (at % 4)) % BLOCK_SIZE;
      block[at] = table[spare[from] as number] as number;
    }
  }

  try {
    return use({
      encrypt(block) {
        addKey(block, 0);
        for (let round = 1; round <= rounds; round++) {
          substitute(block, substitution, 1);
          if (round < rounds) mixColumns(block);
          addKey(block, round);
        }
      },
      decrypt(block) {
        for (let round = rounds; round > 0; round--) {
          addKey(block, round);
          if (round < rounds) unmixColumns(block);
          substitute(block, inverse, 3);
        }
        addKey(block, 0);
      },
    });
  } finally {
    wipe(schedule, spare);
  }
}

/** FIPS 197 5.2. */
function expanded(key: Uint8Array): Uint8Array {
  const size = key.length;
  const schedule = new Uint8Array(BLOCK_SIZE * (size / 4 + 7));
  schedule.set(key);
  let constant = 1;
  for (let at = size; at < schedule.length; at += 4) {
    const place = at % size;
    for (let byte = 0; byte < 4; byte++) {
      const turned = place === 0 ? (byte + 1) % 4 : byte;
      let word = schedule[at - 4 + turned] as number;
      if (place === 0 || (size === 32 && place === 16)) word = substitution[word] as number;
      if (place === 0 && byte === 0) word ^= constant;
      schedule[at + byte] = word ^ (schedule[at - size + byte] as number);
    }
    if (place === 0) constant = doubled(constant);
  }
  return schedule;
}

/** FIPS 197 5.1.3. */
function mixColumns(block: Uint8Array): void {
  for (let at = 0; at < BLOCK_SIZE; at += 4) {
    const [a, b, c, d] = block.subarray(at, at + 4) as unknown as [number, number, number, number];
    const all = a ^ b ^ c ^ d;
    block[at] = a ^ all ^ doubled(a ^ b);
    block[at + 1] = b ^ all ^ doubled(b ^ c);
    block[at + 2] = c ^ all ^ doubled(c ^ d);
    block[at + 3] = d ^ all ^ doubled(d ^ a);
  }
}

/** FIPS 197 5.3.3: as {@link mixColumns}, behind another map that makes it so. */
function unmixColumns(block: Uint8Array): void {
  for (let at = 0; at < BLOCK_SIZE; at++) {
    if (at % 4 > 1) continue;
    const [one, other] = [block[at] as number, block[at + 2] as number];
    const both = doubled(doubled(one ^ other));
    block[at] = one ^ both;
    block[at + 2] = other ^ both;
  }
  mixColumns(block);
}
