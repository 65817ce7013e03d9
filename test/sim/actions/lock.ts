/** The authority's operator locks a meter, or lets it go on: it learns of that at its next contact. */

import { ServerRefusedError } from '#cli/server/http-client';
import type { Desk } from '../desk.ts';
import type { Action } from '../happening.ts';
import { operate } from '../operator.ts';
import type { World } from '../world.ts';

export const lockMeter: Action = {
  weight: 0.5,
  begin(world, random) {
    order(world, random.pick(world.desks), 'lock');
  },
};

export const unlockMeter: Action = {
  weight: 4,
  begin(world, random) {
    order(world, random.pick(world.desks), 'unlock');
  },
};

function order(world: World, { meterId, stage, name }: Desk, action: 'lock' | 'unlock'): void {
  if (meterId === undefined || stage !== 'registered') return;
  const reason = action === 'lock' ? 'ordered' : 'none';
  operate(world, `${action} ${name}`, 'lockOrder', () =>
    unlessRevoked(world.operator.authority.orderLock({ meterId, action, reason })),
  );
}

/** A meter that was given back meanwhile has stopped for ever. */
export async function unlessRevoked(ordering: Promise<unknown>): Promise<void> {
  try {
    await ordering;
  } catch (error) {
    if (!(error instanceof ServerRefusedError && error.error === 'meterRevoked')) throw error;
  }
}
