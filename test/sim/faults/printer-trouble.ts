/** A printer is gone, tears its labels, or says nothing, for a while. */

import type { Fault } from '../happening.ts';
import type { PrinterTrouble } from '../sim-printer.ts';

const TROUBLE_MS_MAX = 60_000;
const kinds: readonly PrinterTrouble[] = ['gone', 'tears', 'mute'];

export const printerTrouble: Fault = {
  isFault: true,
  weight: 3,
  begin(world, random) {
    const { printer } = random.pick(world.desks);
    printer.trouble(random.pick(kinds), random.between(1, TROUBLE_MS_MAX), random.seed());
  },
};
