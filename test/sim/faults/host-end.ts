/** The computer of a desk is killed, or loses power, at any of its steps. */

import type { Fault } from '../happening.ts';

const STEPS_MAX = 40;

export const hostEnd: Fault = {
  isFault: true,
  weight: 6,
  begin(world, random) {
    const { host } = random.pick(world.desks).computer;
    host.endAfter(random.below(STEPS_MAX), random.chance(0.5) ? 'killed' : 'powerCut');
  },
};
