/** Nothing happens for a while: the step of the plan behind this one comes hours or days later. */

import type { Action } from '../happening.ts';

const HOUR_MS = 3_600_000;

export const hoursPass: Action = {
  weight: 4,
  begin(world, random) {
    world.sleepMs += random.between(1, 12) * HOUR_MS;
  },
};

export const daysPass: Action = {
  weight: 1,
  begin(world, random) {
    world.sleepMs += random.between(1, 4) * 24 * HOUR_MS;
  },
};
