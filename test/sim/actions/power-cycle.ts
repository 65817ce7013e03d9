/** Somebody switches a meter off, and on again after a while. */

import type { Action } from '../happening.ts';

const OFF_MS_MAX = 600_000;

export const powerCycle: Action = {
  weight: 2,
  begin(world, random) {
    const { device } = random.pick(world.desks);
    const offMs = random.between(100, OFF_MS_MAX);
    if (!device.isOn) return;
    device.switchOff();
    world.faults.count('meterSwitchedOff');
    world.time.after(offMs, device.switchOn);
  },
};
