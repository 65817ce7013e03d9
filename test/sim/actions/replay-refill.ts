/** Somebody who listens sends a refill request to the provider once more, or hands an old authorisation to a meter. */

import { ServerLinkError, ServerRefusedError } from '#cli/server/http-client';
import { enqueue } from '../attempt.ts';
import type { Fault } from '../happening.ts';
import { loggedIn } from '../meter-access.ts';
import { must, Violation } from '../violation.ts';

export const replayRequest: Fault = {
  isFault: true,
  weight: 2,
  begin(world, random) {
    const { requests } = world.overheard;
    const request = requests[random.below(1_000_000) % Math.max(1, requests.length)];
    if (request === undefined) return;
    world.faults.count('refillReplayed');
    world.operator.provider.refill({ request }).catch((error: unknown) => {
      if (error instanceof ServerLinkError || error instanceof ServerRefusedError) return;
      world.alarm(new Violation('crash', `a replayed request: ${String(error)}`, error));
    });
  },
};

export const replayAuthorisation: Fault = {
  isFault: true,
  weight: 2,
  begin(world, random) {
    const desk = random.pick(world.desks);
    const choice = random.below(1_000_000);
    enqueue(world, desk, {
      name: 'replay authorisation',
      mayBeRefused: ['noRefillPending', 'documentMismatch', 'documentForOtherMeter', 'logFull'],
      async run() {
        const { authorisations } = world.overheard;
        const authorisation = authorisations[choice % Math.max(1, authorisations.length)];
        if (desk.stage !== 'registered' || authorisation === undefined) return;
        const meter = await loggedIn(world, desk, 'user');
        const before = await meter.registers();
        world.faults.count('refillReplayed');
        const { registers } = await meter.refillCommit(authorisation);
        must(
          registers.credited === before.credited || before.refillPending > 0,
          'fraud',
          () => `${desk.name} credited an authorisation a second time`,
        );
      },
    });
  },
};
