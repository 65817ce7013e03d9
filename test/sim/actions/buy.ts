/** The provider's operator buys value for the pool, and finishes what has no answer yet. */

import { mills } from '#protocol/mills';
import type { Action } from '../happening.ts';
import { operate } from '../operator.ts';

export const buy: Action = {
  weight: 5,
  begin(world, random) {
    const order = { requestId: random.bytes(16), amount: mills(random.between(1, 2_000_000)) };
    operate(world, `buy ${order.amount}`, 'purchase', () =>
      world.operator.provider.buyValue(order),
    );
  },
};

export const finishPurchases: Action = {
  weight: 2,
  begin(world) {
    operate(world, 'finish purchases', undefined, () =>
      world.operator.provider.finishPurchases({}),
    );
  },
};
