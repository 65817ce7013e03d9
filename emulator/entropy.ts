/** Sources of raw noise: of this computer, repeatable ones, and broken ones (requirements.md H1, H4). */

import { randomBytes } from 'node:crypto';
import type { Entropy } from '#hw/hardware';

/** hw/hardware.ts, Entropy.read. */
const READ_SIZE_MAX = 4096;
/** Bytes of one output of the generator. */
const WORD_SIZE = 8;
const GAMMA = 0x9e3779b97f4a7c15n;

/** The random source of this computer. */
export const systemEntropy: Entropy = {
  read: (length) => new Uint8Array(randomBytes(checked(length))).buffer,
};

/** Noise that repeats, and goes on from any place of it. */
export interface SeededEntropy extends Entropy {
  readonly seed: bigint;
  /** Bytes read so far. */
  readonly position: number;
}

/**
 * The same noise for the same seed: SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators",
 * 2014), each output as 8 bytes, the lowest first; bytes left over by one read begin the next. Not for real money.
 * @param position how many bytes of it were read before
 */
export function createSeededEntropy(seed: bigint | number, position = 0): SeededEntropy {
  const next = byteStream(splitMix64(BigInt(seed), Math.floor(position / WORD_SIZE)));
  for (let skipped = 0; skipped < position % WORD_SIZE; skipped += 1) next();
  let read = position;
  const { read: take } = source(next);
  return {
    seed: BigInt(seed),
    get position() {
      return read;
    },
    read(length) {
      const bytes = take(length);
      read += length;
      return bytes;
    },
  };
}

/** A source that sticks: it gives the same byte for ever. */
export function createStuckEntropy(value = 0): Entropy {
  return source(() => value);
}

/**
 * A source that leans: each bit is one in `onesOf256` cases of 256 (128 would be fair), repeatable by its seed.
 */
export function createBiasedEntropy(seed: bigint | number, onesOf256: number): Entropy {
  const noise = byteStream(splitMix64(BigInt(seed)));
  return source(() => {
    let value = 0;
    for (let bit = 0; bit < 8; bit += 1) value = (value << 1) | (noise() < onesOf256 ? 1 : 0);
    return value;
  });
}

/** A source that failed: it has nothing to give. */
export const deadEntropy: Entropy = {
  read: (length) => new ArrayBuffer(checked(length) * 0),
};

function source(nextByte: () => number): Entropy {
  return { read: (length) => Uint8Array.from({ length: checked(length) }, nextByte).buffer };
}

function checked(length: number): number {
  if (Number.isInteger(length) && length >= 0 && length <= READ_SIZE_MAX) return length;
  throw new RangeError(`entropy is read in 0 to ${READ_SIZE_MAX} bytes, not ${length}`);
}

/** @param drawn outputs that were taken before */
function splitMix64(seed: bigint, drawn = 0): () => bigint {
  const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
  let state = u64(seed + BigInt(drawn) * GAMMA);
  return () => {
    state = u64(state + GAMMA);
    let mixed = u64((state ^ (state >> 30n)) * 0xbf58476d1ce4e5b9n);
    mixed = u64((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
    return mixed ^ (mixed >> 31n);
  };
}

function byteStream(next: () => bigint): () => number {
  const word = new DataView(new ArrayBuffer(WORD_SIZE));
  let used = WORD_SIZE;
  return () => {
    if (used === WORD_SIZE) {
      word.setBigUint64(0, next(), true);
      used = 0;
    }
    const value = word.getUint8(used);
    used += 1;
    return value;
  };
}
