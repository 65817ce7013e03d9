/** The clock of a meter is set by whoever may, in clear: where it is wrong, and where it may be moved so far. */

import { setClock as driverSetClock } from '#driver/contact/clock';
import { enqueue } from '../attempt.ts';
import type { Desk } from '../desk.ts';
import type { Action } from '../happening.ts';
import { anonymous, leave } from '../meter-access.ts';
import { clockRefusals } from '../refusals.ts';
import type { World } from '../world.ts';

export const setClock: Action = {
  weight: 2,
  begin(world, random) {
    const desk = random.pick(world.desks);
    const isByProvider = random.chance(0.3);
    enqueue(world, desk, {
      name: 'set the clock',
      mayBeRefused: [...clockRefusals, 'logFull'],
      run: async () => {
        if (desk.stage === 'registered') await adjust(world, desk, isByProvider);
      },
    });
  },
};

export async function adjust(world: World, desk: Desk, isByProvider: boolean): Promise<void> {
  const { authority, provider } = desk.computer;
  await leave(desk);
  const meter = await anonymous(desk);
  const { outcome } = await driverSetClock(meter, isByProvider ? provider : authority);
  desk.hadWrongClock = false;
  if (outcome === 'set') world.tally.count('clockSetting');
  await meter.close();
}
