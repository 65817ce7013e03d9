/**
 * The first import of the image: gives the libraries the two globals they look for while they load (runtimes.md 2).
 *
 * noble probes for a random source once, at load, and silently takes its unblinded path without one; xstate binds
 * console.log. Nothing else of a host is needed.
 */

import type { Hardware } from '#hw/hardware';

/** Where random bytes come from: the raw source while the image loads, the tested generator from power-up on. */
let source: (size: number) => Uint8Array = (size) => {
  const { hardware } = globalThis as unknown as { hardware: Hardware };
  return new Uint8Array(hardware.entropy.read(size));
};

export function setRandomSource(generate: (size: number) => Uint8Array): void {
  source = generate;
}

export function randomBytes(size: number): Uint8Array {
  return source(size);
}

const silent = (): void => undefined;

Object.assign(globalThis, {
  crypto: {
    getRandomValues(target: Uint8Array): Uint8Array {
      target.set(randomBytes(target.length));
      return target;
    },
  },
  console: { log: silent, warn: silent, error: silent },
});
