/** Somebody sets the batch counters of a meter to zero: no register changes. */

import { enqueue } from '../attempt.ts';
import type { Action } from '../happening.ts';
import { loggedIn } from '../meter-access.ts';
import { must } from '../violation.ts';

export const resetBatch: Action = {
  weight: 1,
  begin(world, random) {
    const desk = random.pick(world.desks);
    enqueue(world, desk, {
      name: 'reset batch counters',
      async run() {
        if (desk.stage !== 'registered') return;
        const meter = await loggedIn(world, desk, 'user');
        const before = await meter.registers();
        const { batchPieceCount, batchAmount } = await meter.resetBatch();
        const after = await meter.registers();
        must(
          batchAmount <= before.ascending && batchPieceCount <= before.pieceCount,
          'money',
          () => `the batch counters of ${desk.name} are above its registers`,
        );
        must(
          after.ascending === before.ascending && after.batchAmount === 0,
          'money',
          () => `resetting the batch counters of ${desk.name} changed its registers`,
        );
      },
    });
  },
};
