/** A customer pays money in, and some time may pay the same again because nothing was heard of it. */

import { mills } from '#protocol/mills';
import type { Action } from '../happening.ts';
import { operate } from '../operator.ts';

export const pay: Action = {
  weight: 5,
  begin(world, random) {
    const { customerId } = random.pick(world.desks);
    const amount = mills(random.between(1, 500_000));
    const requestId = random.bytes(16);
    if (customerId === undefined) return;
    operate(world, `pay ${amount}`, 'payment', () =>
      world.operator.provider.payIn({ customerId, requestId, amount }),
    );
  },
};
