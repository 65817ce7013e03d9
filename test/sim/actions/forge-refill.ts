/** Somebody changes a refill on its way, or signs one: neither the provider nor the meter takes it. */

import { ServerLinkError, ServerRefusedError } from '#cli/server/http-client';
import { enqueue } from '../attempt.ts';
import type { Fault } from '../happening.ts';
import { loggedIn } from '../meter-access.ts';
import { Violation } from '../violation.ts';

/** Some bit of it is another. */
function changed(document: Uint8Array, choice: number): Uint8Array {
  const at = choice % document.length;
  return document.with(at, (document[at] as number) ^ (1 << ((choice >> 8) % 8)));
}

export const forgeRequest: Fault = {
  isFault: true,
  weight: 2,
  begin(world, random) {
    const { requests } = world.overheard;
    const genuine = requests[random.below(1_000_000) % Math.max(1, requests.length)];
    const choice = random.below(1_000_000);
    if (genuine === undefined) return;
    world.faults.count('refillForged');
    world.operator.provider.refill({ request: changed(genuine, choice) }).then(
      () => world.alarm(new Violation('fraud', 'the provider answers a forged refill request')),
      (error: unknown) => {
        if (error instanceof ServerLinkError || error instanceof ServerRefusedError) return;
        world.alarm(new Violation('crash', `a forged request: ${String(error)}`, error));
      },
    );
  },
};

export const forgeAuthorisation: Fault = {
  isFault: true,
  weight: 2,
  begin(world, random) {
    const desk = random.pick(world.desks);
    const choice = random.below(1_000_000);
    enqueue(world, desk, {
      name: 'forge authorisation',
      mayBeRefused: ['signatureInvalid', 'documentMalformed'],
      async run() {
        const genuine = world.overheard.authorisations.at(-1);
        if (desk.stage !== 'registered' || genuine === undefined) return;
        const meter = await loggedIn(world, desk, 'user');
        world.faults.count('refillForged');
        await meter.refillCommit(changed(genuine, choice));
        throw new Violation('fraud', `${desk.name} takes a forged authorisation`);
      },
    });
  },
};
