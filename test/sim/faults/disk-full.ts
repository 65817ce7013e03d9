/** The disk of a desk is full for a while. */

import type { Fault } from '../happening.ts';

const FREE_MAX = 600;
const FULL_MS_MAX = 120_000;

export const diskFull: Fault = {
  isFault: true,
  weight: 2,
  begin(world, random) {
    const { disk } = random.pick(world.desks);
    world.faults.count('diskFull');
    disk.free = random.below(FREE_MAX);
    world.time.after(random.between(1, FULL_MS_MAX), () => {
      disk.free = Number.POSITIVE_INFINITY;
    });
  },
};
