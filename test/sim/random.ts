/** The one source of chance of a simulated world: every stream of it is named by numbers, the seed of the world first. */

import { seeded, seedOf } from '#emulator/flash/seeded';

export interface Random {
  /** A whole number, 0 to limit - 1. */
  below(limit: number): number;
  /** A whole number, both bounds included. */
  between(least: number, most: number): number;
  /** True with this probability, 0 to 1. */
  chance(probability: number): boolean;
  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
  bytes(size: number): Uint8Array;
  /** 32 bits, to name another stream by. */
  seed(): number;
}

const PRECISION = 1_000_000;

/** The same stream for the same numbers; only their lowest 32 bits count. */
export function randomOf(...names: readonly number[]): Random {
  const source = seeded(seedOf(...names));
  return {
    below: (limit) => source.below(limit),
    between: (least, most) => least + source.below(most - least + 1),
    chance: (probability) => source.below(PRECISION) < probability * PRECISION,
    pick: (list) => list[source.below(list.length)] as (typeof list)[number],
    bytes(size) {
      const bytes = new Uint8Array(Math.ceil(size / 4) * 4);
      const words = new DataView(bytes.buffer);
      for (let at = 0; at < size; at += 4) words.setUint32(at, source.next());
      return bytes.slice(0, size);
    },
    seed: () => source.next(),
  };
}
