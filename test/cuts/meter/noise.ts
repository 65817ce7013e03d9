/** Noise for boards that live for milliseconds: repeatable, and quicker to draw than that of the emulator. */

import { seeded, seedOf } from '#emulator/flash/seeded';
import type { Entropy } from '#hw/hardware';

export function noiseOf(...seeds: readonly number[]): Entropy {
  const random = seeded(seedOf(...seeds));
  return {
    read(length) {
      const words = new Uint32Array(Math.ceil(length / 4));
      for (let at = 0; at < words.length; at += 1) words[at] = random.next();
      return words.buffer.slice(0, length);
    },
  };
}
