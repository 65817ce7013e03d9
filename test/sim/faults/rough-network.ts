/** Requests to the servers, or their answers, get lost for a while, or come too late. */

import type { Fault } from '../happening.ts';

const EXCHANGES_MAX = 8;

export const roughNetwork: Fault = {
  isFault: true,
  weight: 5,
  begin(world, random) {
    const weather = {
      requestLost: random.below(50) / 100,
      answerLost: random.below(50) / 100,
      answerLate: random.below(50) / 100,
    };
    world.network.roughen(random.between(1, EXCHANGES_MAX), weather, random.seed());
  },
};
