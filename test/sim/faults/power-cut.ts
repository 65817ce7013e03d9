/** A meter loses power inside a flash operation to come, with any tear; somebody switches it on again. */

import { type TearMode, tearModes } from '#emulator/flash/tear';
import type { Fault } from '../happening.ts';

/** A power-up programs some units, an indicium two records, a new password thirty pages. */
const OPERATIONS_MAX = 40;
const PLACE_MAX = 150;
const DARK_MS_MAX = 60_000;

export const powerCut: Fault = {
  isFault: true,
  weight: 6,
  begin(world, random) {
    const { device } = random.pick(world.desks);
    const cut = {
      tear: random.pick<TearMode>(tearModes),
      tornBytes: random.between(0, PLACE_MAX),
      seed: random.seed(),
      unsynced: random.chance(0.7) ? ('kept' as const) : ('lost' as const),
    };
    const operations = random.chance(0.5) ? random.below(4) : random.below(OPERATIONS_MAX);
    device.cutPower(operations, cut, random.between(100, DARK_MS_MAX));
  },
};
