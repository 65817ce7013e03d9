/** Somebody posts a label and claims it as spoiled: what was seen in the mail is not paid back. */

import { hexToBytes } from '@noble/hashes/utils.js';
import { enqueue } from '../attempt.ts';
import type { Fault } from '../happening.ts';
import { must } from '../violation.ts';

export const claimPosted: Fault = {
  isFault: true,
  weight: 2,
  begin(world, random) {
    const desk = random.pick(world.desks);
    const choice = random.below(1_000_000);
    const requestId = random.bytes(16);
    enqueue(world, desk, {
      name: 'claim a posted piece',
      async run() {
        const { customerId, meterId, printer, computer } = desk;
        const posted = printer.paper
          .map(({ indicium }) => indicium)
          .filter((hex) => (world.shown.get(hex)?.surely ?? 0) > 0 && !world.claimed.has(hex));
        const hex = posted[choice % Math.max(1, posted.length)];
        if (hex === undefined || customerId === undefined || meterId === undefined) return;
        const indicia = [hexToBytes(hex)];
        world.faults.count('postedClaimed');
        const order = { customerId, meterId, requestId, reason: 'notMailed' as const, indicia };
        const { approved } = await computer.provider.submitClaim(order);
        must(approved === 0, 'fraud', () => `a posted label of ${desk.name} was paid back`);
      },
    });
  },
};
