/** The line to a meter is bad for a while. */

import type { Fault } from '../happening.ts';
import type { Random } from '../random.ts';

const FRAMES_MAX = 60;
const RATE_MAX = 0.3;

const rate = (random: Random): number =>
  random.chance(0.5) ? (RATE_MAX * random.below(100)) / 100 : 0;

export const roughLine: Fault = {
  isFault: true,
  weight: 6,
  begin(world, random) {
    const { line } = random.pick(world.desks);
    const roughness = {
      dropped: rate(random),
      doubled: rate(random),
      delayed: rate(random),
      flipped: rate(random),
      split: rate(random),
    };
    line.roughen(random.between(1, FRAMES_MAX), roughness, random.seed());
  },
};
