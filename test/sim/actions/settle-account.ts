/** A current account pays for what it has spent. */

import { mills } from '#protocol/mills';
import { enqueue } from '../attempt.ts';
import type { Desk } from '../desk.ts';
import type { Action } from '../happening.ts';
import { loggedIn } from '../meter-access.ts';
import { refillRefusals } from '../refusals.ts';
import type { World } from '../world.ts';
import { load } from './refill.ts';

export const settleAccount: Action = {
  weight: 4,
  begin(world, random) {
    const desk = random.pick(world.desks);
    enqueue(world, desk, {
      name: 'settle the account',
      mayBeRefused: refillRefusals,
      run: async () => {
        if (desk.stage === 'registered' && desk.accountKind === 'current') await pay(world, desk);
      },
    });
  },
};

export async function pay(world: World, desk: Desk): Promise<void> {
  const meter = await loggedIn(world, desk, 'user');
  const { ascending, settled, refillPending } = await meter.registers();
  const amount = mills(ascending - settled);
  if (refillPending > 0) await load(world, desk);
  else if (amount > 0) await load(world, desk, { kind: 'settlement', account: 'postal', amount });
}
