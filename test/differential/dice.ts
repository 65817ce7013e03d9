/** What a seed decides: every choice of a life (test/differential/life.ts). */

import { seeded } from '#emulator/flash/seeded';

export interface Dice {
  /** 0 to limit - 1. */
  below(limit: number): number;
  /** True in so many cases of a hundred. */
  chance(percent: number): boolean;
  pick<T>(list: readonly T[]): T;
  bytes(size: number): Uint8Array;
}

export function dice(seed: number): Dice {
  const numbers = seeded(seed);
  const below = (limit: number): number => numbers.below(limit);
  return {
    below,
    chance: (percent) => below(100) < percent,
    pick<T>(list: readonly T[]): T {
      if (list.length === 0) throw new RangeError('nothing to pick from');
      return list[below(list.length)] as T;
    },
    bytes: (size) => Uint8Array.from({ length: size }, () => below(256)),
  };
}
