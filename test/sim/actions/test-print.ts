/** A void label shows how the meter prints: it costs nothing, and is worth nothing. */

import { readIndicium } from '#protocol/documents/indicium';
import { enqueue } from '../attempt.ts';
import type { Action } from '../happening.ts';
import { loggedIn } from '../meter-access.ts';
import { lockRefusals } from '../refusals.ts';
import { must } from '../violation.ts';

export const testPrint: Action = {
  weight: 1,
  begin(world, random) {
    const desk = random.pick(world.desks);
    const isQualityPrint = random.chance(0.5);
    enqueue(world, desk, {
      name: 'test print',
      mayBeRefused: lockRefusals,
      async run() {
        if (desk.stage !== 'registered') return;
        const meter = await loggedIn(world, desk, 'user');
        const before = await meter.registers();
        const { indicium } = await meter.testPrint(isQualityPrint);
        const after = await meter.registers();
        const read = readIndicium(indicium);
        must(
          read.ok && read.value.flags.test && read.value.postage === 0,
          'fraud',
          () => `a test print of ${desk.name} is not void`,
        );
        must(
          before.ascending === after.ascending && before.pieceCount === after.pieceCount,
          'money',
          () => `a test print of ${desk.name} was charged`,
        );
        world.tally.count('testPrint');
      },
    });
  },
};
