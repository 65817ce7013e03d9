/**
 * Numbers that a seed decides, quick to draw, with a state of 32 bits that a snapshot can hold: a Weyl sequence behind
 * the finalizer of MurmurHash3 (Appleby). Fair enough for physics, and for nothing secret.
 */

/** 2^32 divided by the golden ratio, made odd: every state is visited once before the first returns. */
const STEP = 0x9e3779b9;
const RANGE = 0x1_0000_0000;

export interface Seeded {
  /** 32 bits; what is drawn next depends on nothing else. */
  state: number;
  /** 0 to 2^32 - 1. */
  next(): number;
  /** 0 to limit - 1. */
  below(limit: number): number;
}

export function seeded(state: number): Seeded {
  return {
    state: state >>> 0,
    next() {
      this.state = (this.state + STEP) >>> 0;
      return mix(this.state);
    },
    below(limit) {
      return Math.floor((this.next() / RANGE) * limit);
    },
  };
}

/** One seed of several numbers, each of which matters in its place; only their lowest 32 bits count. */
export function seedOf(...numbers: readonly number[]): number {
  return numbers.reduce((seed, number) => mix((mix(seed + STEP) + number) | 0), 0);
}

function mix(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
