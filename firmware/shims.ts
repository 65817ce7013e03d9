/**
 * The first import of the image: the random source that noble looks for in the global scope (runtimes.md 2), and the one
 * that everything else draws from.
 *
 * noble asks once, when it is evaluated, whether there is a source to blind secrets with, and silently takes its unblinded
 * path without one. Nothing else of a host is needed.
 */

import { Fault } from './fault.ts';

type Random = (size: number) => Uint8Array;

let random: Random = () => {
  throw new Fault('internalFault'); // nobody draws before the generator is seeded
};

/** Until the generator runs noble computes known answers only, whose keys are no secrets: there is nothing to blind. */
let blinding: Random = (size) => new Uint8Array(size).fill(1);

/**
 * Sets the generator of every random byte, and the one that noble blinds with: apart, so that keys and nonces do not
 * depend on how often it does.
 */
export function setRandomSources(
  generate: Random,
  generateBlinding: Random,
  forget: () => void,
): void {
  random = generate;
  blinding = generateBlinding;
  forgetRandomSources = forget;
}

/** Wipes what the generators keep, once nothing is drawn any more. */
export let forgetRandomSources: () => void = () => undefined;

export function randomBytes(size: number): Uint8Array {
  return random(size);
}

Object.assign(globalThis, {
  crypto: {
    getRandomValues(target: Uint8Array): Uint8Array {
      target.set(blinding(target.length));
      return target;
    },
  },
});
