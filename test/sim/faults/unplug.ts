/** The plug of a line to a meter is pulled in the middle of an exchange, and put back. */

import type { Fault } from '../happening.ts';

const FRAMES_MAX = 30;
const OUT_MS_MAX = 30_000;

export const unplug: Fault = {
  isFault: true,
  weight: 4,
  begin(world, random) {
    const { line } = random.pick(world.desks);
    line.unplugAfter(random.below(FRAMES_MAX), random.between(1, OUT_MS_MAX));
  },
};
