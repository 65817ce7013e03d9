/** Value for a meter: its signed request, the provider's answer, the credit; or the end of a refill that was interrupted. */

import { ServerRefusedError } from '#cli/server/http-client';
import type { RefillOffice } from '#driver/contact/offices';
import {
  refill as driverRefill,
  finishRefill,
  pendingRefill,
  type RefillingMeter,
  type RefillOutcome,
  type RefillWish,
} from '#driver/contact/refill';
import { mills } from '#protocol/mills';
import { enqueue } from '../attempt.ts';
import type { Desk } from '../desk.ts';
import type { Action } from '../happening.ts';
import { leave, loggedIn } from '../meter-access.ts';
import { refillRefusals } from '../refusals.ts';
import type { TransactionName } from '../tally.ts';
import { tell } from '../told.ts';
import type { World } from '../world.ts';

export const refill: Action = {
  weight: 12,
  begin(world, random) {
    const desk = random.pick(world.desks);
    const amount = mills(random.pick([1, 777, 10_000, 50_000, random.between(1, 200_000)]));
    const isCertificate = random.chance(0.15);
    enqueue(world, desk, {
      name: 'refill',
      mayBeRefused: refillRefusals,
      run: async () => {
        const account = isCertificate && desk.accountKind === 'separate' ? 'certificate' : 'postal';
        if (desk.stage === 'registered' && desk.accountKind !== 'current')
          await load(world, desk, { kind: 'purchase', account, amount });
      },
    });
  },
};

/** The provider, with somebody who listens. */
export function overheardOffice(world: World, desk: Desk): RefillOffice {
  const { provider } = desk.computer;
  return {
    async refill(question) {
      world.overheard.requests.push(question.request);
      const answer = await provider.refill(question);
      world.overheard.authorisations.push(answer.authorisation);
      return answer;
    },
  };
}

/** Finishes what is under way; and then, where something is wanted, begins anew. */
export async function load(world: World, desk: Desk, wish?: RefillWish): Promise<void> {
  const open = await loggedIn(world, desk, 'user');
  let isLoggedIn = true;
  const meter: RefillingMeter = {
    ...open,
    reconnect(options) {
      isLoggedIn = false; // nobody is, in the new session
      return open.reconnect(options);
    },
  };
  const office = overheardOffice(world, desk);
  try {
    const registers = await meter.registers();
    tell(desk, registers);
    if (pendingRefill(registers) !== undefined)
      note(world, desk, await finishRefill(meter, office));
    if (wish !== undefined) note(world, desk, await driverRefill(meter, office, wish));
  } catch (error) {
    // where there is a copy of the meter, that one may have been there first
    if (!(desk.isCloned && error instanceof ServerRefusedError)) throw error;
  }
  if (!isLoggedIn) await leave(desk);
}

const credits = {
  purchase: 'refill',
  spoilage: 'spoilageRefill',
  settlement: 'settlement',
} as const satisfies Record<RefillWish['kind'], TransactionName>;

const countedAs = ({ outcome, wish }: RefillOutcome): TransactionName =>
  outcome === 'credited' ? credits[wish.kind] : 'declinedRefill';

export function note(world: World, desk: Desk, outcome: RefillOutcome | undefined): void {
  if (outcome?.outcome === 'credited') tell(desk, outcome.registers);
  if (outcome !== undefined) world.tally.count(countedAs(outcome));
}
