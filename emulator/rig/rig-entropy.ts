/** Noise that repeats by its seed, with faults that come and go; where it stands can be kept (requirements.md H4). */

import type { Entropy } from '#hw/hardware';
import { createSeededEntropy, type SeededEntropy } from '../entropy.ts';

/**
 * `stuck`: the same byte again and again · `biased`: each bit is one in `onesOf256` cases of 256 · `short`: so many bytes of
 * each read at most; none of them is a source that is dead.
 */
export type EntropyFault =
  | { readonly kind: 'stuck'; readonly value: number }
  | { readonly kind: 'biased'; readonly onesOf256: number }
  | { readonly kind: 'short'; readonly bytes: number };

export interface EntropyState {
  readonly seed: number;
  /** Bytes of the noise that were used. */
  readonly position: number;
  readonly fault: EntropyFault | undefined;
}

export interface RigEntropy extends Entropy {
  readonly state: EntropyState;
  /** Goes on from a state, which may be of another seed. */
  restore(state: EntropyState): void;
  /** Undefined mends it. */
  break(fault: EntropyFault | undefined): void;
}

const BITS = 8;

export function createRigEntropy(initial: EntropyState): RigEntropy {
  let { fault } = initial;
  let source = createSeededEntropy(initial.seed, initial.position);
  return {
    read: (length) => faulty(source, length, fault),
    break(next) {
      fault = next;
    },
    get state() {
      return { seed: Number(source.seed), position: source.position, fault };
    },
    restore(state) {
      fault = state.fault;
      source = createSeededEntropy(state.seed, state.position);
    },
  };
}

/** What a source with a fault answers; it draws from the noise of the seed alone, so that its place is all there is to keep. */
function faulty(
  source: SeededEntropy,
  length: number,
  fault: EntropyFault | undefined,
): ArrayBuffer {
  switch (fault?.kind) {
    case undefined:
      return source.read(length);
    case 'stuck':
      return new Uint8Array(source.read(length)).fill(fault.value).buffer;
    case 'short':
      return source.read(length).slice(0, fault.bytes);
    case 'biased':
      return Uint8Array.from({ length }, () =>
        new Uint8Array(source.read(BITS)).reduce(
          (byte, noise) => (byte << 1) | (noise < fault.onesOf256 ? 1 : 0),
          0,
        ),
      ).buffer;
  }
}
