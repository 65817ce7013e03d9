/** Somebody copies a label and posts both. */

import type { Fault } from '../happening.ts';
import { show } from './scan.ts';

export const copyLabel: Fault = {
  isFault: true,
  weight: 2,
  begin(world, random) {
    const choice = random.below(1_000_000);
    const known = [...world.evidence.all.keys()];
    const hex = known[choice % Math.max(1, known.length)];
    if (hex === undefined) return;
    world.faults.count('labelCopied');
    void show(world, hex).then(() => show(world, hex));
  },
};
