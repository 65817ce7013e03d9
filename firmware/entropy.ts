/**
 * Noise from the board, tested without pause (SP 800-90B 4.4; domain.md 4): the repetition count and the adaptive
 * proportion test over samples of one byte, for an assessed min-entropy of half a bit per sample.
 */

import type { Entropy } from '#hw/hardware';
import { Fault } from './fault.ts';

/** 1 + ceil(20 / 0.5): a healthy source fails with probability 2^-20 at most. */
export const REPETITION_CUTOFF = 41;
export const PROPORTION_WINDOW = 512;
export const PROPORTION_CUTOFF = 410;

export interface TestedEntropy {
  /**
   * Raw samples that passed the tests. 512 of them hold 256 bits of entropy at the assessed rate.
   * @throws Fault `entropyFailed`
   */
  read(length: number): Uint8Array;
}

export function createTestedEntropy(entropy: Entropy): TestedEntropy {
  let last = -1;
  let repetitions = 0;
  let reference = -1;
  let inWindow = 0;
  let matches = 0;

  function test(sample: number): void {
    repetitions = sample === last ? repetitions + 1 : 1;
    last = sample;
    if (repetitions >= REPETITION_CUTOFF) throw new Fault('entropyFailed', 1);

    if (inWindow === 0) {
      reference = sample;
      matches = 0;
    }
    if (sample === reference) matches += 1;
    if (matches >= PROPORTION_CUTOFF) throw new Fault('entropyFailed', 2);
    inWindow = (inWindow + 1) % PROPORTION_WINDOW;
  }

  return {
    read(length) {
      const samples = new Uint8Array(entropy.read(length));
      if (samples.length < length) throw new Fault('entropyFailed', 3);
      for (let at = 0; at < length; at++) test(samples[at] as number);
      return samples;
    },
  };
}
