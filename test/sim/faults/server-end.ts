/** The provider or the authority ends behind any statement of its data base, and is started again. */

import type { Fault } from '../happening.ts';

const STATEMENTS_MAX = 30;
const AWAY_MS_MAX = 60_000;

export const serverEnd: Fault = {
  isFault: true,
  weight: 4,
  begin(world, random) {
    const office = random.chance(0.5) ? world.provider : world.authority;
    office.endAfter(random.below(STATEMENTS_MAX), random.between(1, AWAY_MS_MAX));
  },
};
