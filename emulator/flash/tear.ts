/** What power that fails inside a program or an erase leaves behind (reliability.md 2; docs/flash-model.md). */

import type { Seeded } from './seeded.ts';

/**
 * How an operation tears. `at` is a place in it, in bytes from its start:
 * - `prefix`: the first `at` bytes are as they should become, the rest as it was.
 * - `suffix`: the last `at` bytes are as they should become, the rest as it was.
 * - `tornByte`: as prefix, and of byte `at` some of the bits that change: not all of them, and one at least if two change.
 * - `bitSubset`: every bit that changes did so with the chance `at` / length, wherever it lies.
 * - `marginal`: as prefix, and behind it a region of 1 to 16 bytes in which each bit that changes did so, did not, or is
 *   weak.
 * - `weak`: all is as it should become, but one bit of byte `at` (of the next byte that changes, where that one does not),
 *   and in half of the cases another one anywhere, are weak.
 * - `phantom`: it began, and nothing changed.
 *
 * A weak bit reads as zero or one, drawn anew at every read.
 */
export const tearModes = [
  'prefix',
  'suffix',
  'tornByte',
  'bitSubset',
  'marginal',
  'weak',
  'phantom',
] as const;
export type TearMode = (typeof tearModes)[number];

/** For each byte of the operation the bits that became what they should, and the bits that became weak. */
export interface Torn {
  readonly done: Uint8Array;
  readonly weak: Uint8Array;
}

const MARGIN_MAX = 16;
const WHOLE_BYTE = 0xff;

/**
 * @param old what the cells held, as long as `next`
 * @param next what the operation would have left
 * @param at 0 to the length of next, not included
 */
export function tear(
  mode: TearMode,
  at: number,
  old: Uint8Array,
  next: Uint8Array,
  random: Seeded,
): Torn {
  const done = new Uint8Array(next.length);
  const weak = new Uint8Array(next.length);
  const differing = (index: number): number => (old[index] as number) ^ (next[index] as number);
  switch (mode) {
    case 'prefix':
      done.fill(WHOLE_BYTE, 0, at);
      break;
    case 'suffix':
      done.fill(WHOLE_BYTE, next.length - at);
      break;
    case 'tornByte':
      done.fill(WHOLE_BYTE, 0, at);
      done[at] = properSubset(differing(at), random);
      break;
    case 'bitSubset':
      for (let index = 0; index < next.length; index += 1)
        done[index] = subset(differing(index), at / next.length, random);
      break;
    case 'marginal': {
      done.fill(WHOLE_BYTE, 0, at);
      const end = Math.min(next.length, at + 1 + random.below(MARGIN_MAX));
      for (let index = at; index < end; index += 1) {
        weak[index] = subset(differing(index), 1 / 3, random);
        done[index] = subset(differing(index) & ~(weak[index] as number), 1 / 2, random);
      }
      break;
    }
    case 'weak':
      done.fill(WHOLE_BYTE);
      weaken(at, { done, weak }, differing, random);
      if (random.below(2) === 1)
        weaken(random.below(next.length), { done, weak }, differing, random);
      break;
    case 'phantom':
      break;
  }
  return { done, weak };
}

/** Makes one bit weak that changes: of byte `from`, or of the first byte behind it (round the end) that has one. */
function weaken(
  from: number,
  { done, weak }: Torn,
  differing: (index: number) => number,
  random: Seeded,
): void {
  for (let step = 0; step < done.length; step += 1) {
    const index = (from + step) % done.length;
    const bits = differing(index) & (done[index] as number);
    if (bits === 0) continue;
    const bit = nthBit(bits, random.below(bitCount(bits)));
    weak[index] = (weak[index] as number) | bit;
    done[index] = (done[index] as number) & ~bit;
    return;
  }
}

/** Each of the bits with this chance. */
function subset(bits: number, chance: number, random: Seeded): number {
  const below = chance * 0x1_0000_0000;
  let chosen = 0;
  for (let left = bits; left !== 0; left &= left - 1)
    if (random.next() < below) chosen |= left & -left;
  return chosen;
}

/** Some of the bits: not all of them, and one at least where there are two. */
function properSubset(bits: number, random: Seeded): number {
  if (bitCount(bits) < 2) return 0;
  for (;;) {
    const chosen = bits & random.next();
    if (chosen !== 0 && chosen !== bits) return chosen; // one draw in two at least
  }
}

function nthBit(bits: number, count: number): number {
  let left = bits;
  for (let skipped = 0; skipped < count; skipped += 1) left &= left - 1;
  return left & -left;
}

function bitCount(bits: number): number {
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count += 1;
  return count;
}
