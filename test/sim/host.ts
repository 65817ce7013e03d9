/**
 * A computer in a simulated world, from one start to the next. Whatever its programs do outside themselves is a step, and it
 * may end before or behind any of them: what they still wait for then never comes.
 */

import type { Crypto } from '#protocol/crypto';
import { never } from './never.ts';
import type { Random } from './random.ts';
import { seededCrypto } from './seeded-crypto.ts';

/** `killed`: its programs are gone, its files stay · `powerCut`: what was not synced may be gone too. */
export type HostEnd = 'killed' | 'powerCut';

export interface Host {
  readonly isAlive: boolean;
  /** Resolves when it has ended. */
  readonly ended: Promise<HostEnd>;
  readonly crypto: Crypto;
  /** Steps that it has taken. */
  readonly steps: number;
  /** Does something outside, or never returns. */
  step<T>(work: () => T | Promise<T>): Promise<T>;
  /** Whether a call from outside still finds somebody. */
  hears(): boolean;
  /** Ends it after so many steps from now; 0 ends it at once. */
  endAfter(steps: number, end: HostEnd): void;
  /** No end is planned any more. */
  spare(): void;
}

/** @param onEnd what its end does to what outlives it */
export function startHost(random: Random, onEnd: (end: HostEnd) => void): Host {
  const { promise: ended, resolve } = Promise.withResolvers<HostEnd>();
  let isAlive = true;
  let steps = 0;
  let plan: { readonly atStep: number; readonly end: HostEnd } | undefined;

  function die(end: HostEnd): void {
    if (!isAlive) return;
    isAlive = false;
    onEnd(end);
    resolve(end);
  }
  function pass(): void {
    steps += 1;
    if (plan !== undefined && steps >= plan.atStep) die(plan.end);
  }

  return {
    get isAlive() {
      return isAlive;
    },
    ended,
    crypto: seededCrypto(random),
    get steps() {
      return steps;
    },
    async step(work) {
      pass();
      if (!isAlive) return never();
      try {
        return await work();
      } finally {
        pass();
        if (!isAlive) await never();
      }
    },
    hears: () => isAlive,
    endAfter(count, end) {
      if (count === 0) die(end);
      else plan = { atStep: steps + count, end };
    },
    spare() {
      plan = undefined;
    },
  };
}
