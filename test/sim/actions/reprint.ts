/** A label is printed once more: the very same indicium, which the meter writes down. */

import { reprint as driverReprint } from '#driver/earlier-piece';
import { openPendingJournal } from '#driver/pending';
import { enqueue } from '../attempt.ts';
import type { Action } from '../happening.ts';
import { PENDING_JOURNAL } from '../make-desk.ts';
import { loggedIn } from '../meter-access.ts';
import { printLabel } from '../person.ts';
import { finishOpen } from './issue.ts';

export const reprint: Action = {
  weight: 2,
  begin(world, random) {
    const desk = random.pick(world.desks);
    const choice = random.below(1_000_000);
    enqueue(world, desk, {
      name: 'reprint',
      mayBeRefused: ['logFull', 'originalUnknown'],
      async run() {
        const issued = [...desk.wishes.values()].filter(({ state }) => state === 'issued');
        const wish = issued[choice % Math.max(1, issued.length)];
        if (desk.stage !== 'registered' || wish === undefined) return;
        const { disk } = desk.computer;
        const { reference } = wish.piece;
        await finishOpen(world, desk);
        const meter = await loggedIn(world, desk, 'user');
        await using journal = await openPendingJournal(PENDING_JOURNAL, { disk });
        const { indicium } = await driverReprint(meter, journal, reference);
        world.evidence.given(reference, indicium, desk.device.witness);
        world.tally.count('reprint');
        await printLabel(desk, indicium);
      },
    });
  },
};
