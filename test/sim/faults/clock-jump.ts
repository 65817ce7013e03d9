/** A clock is wrong from now on: of a meter by days, of a server by minutes. */

import type { Fault } from '../happening.ts';

const DAY_MS = 86_400_000;
const METER_MS_MAX = 5 * DAY_MS;
const SERVER_MS_MAX = 5 * 60_000;

export const clockJump: Fault = {
  isFault: true,
  weight: 2,
  begin(world, random) {
    const isServer = random.chance(0.3);
    const most = random.chance(0.5) && !isServer ? METER_MS_MAX : SERVER_MS_MAX;
    const aheadMs = random.between(-most, most);
    const server = random.chance(0.5) ? world.provider : world.authority;
    const desk = random.pick(world.desks);
    world.faults.count('clockJumped');
    if (isServer) server.clockAheadMs = aheadMs;
    else {
      desk.device.clockAheadMs = aheadMs;
      desk.hadWrongClock = true;
    }
  },
};
