/** HMAC_DRBG with SHA-256 (SP 800-90A rev. 1, 10.1.2), without prediction resistance. */

import { wipe } from '#protocol/bytes';
import type { Crypto } from '#protocol/crypto';

type Hmac = Crypto['hmac'];

/** Requests between two reseeds; the standard allows 2^48. */
export const RESEED_INTERVAL = 10_000;

export interface Drbg {
  /** At most 65,536 bytes (2^19 bits, table 2 of the standard). */
  generate(size: number, additional?: Uint8Array): Uint8Array;
  reseed(entropy: Uint8Array, additional?: Uint8Array): void;
  /** Requests since the last seed, from 1. */
  readonly reseedCounter: number;
  wipe(): void;
}

const EMPTY = new Uint8Array(0);
const ZERO = new Uint8Array([0]);
const ONE = new Uint8Array([1]);

/**
 * Instantiates the generator.
 * @param entropy entropy input, 256 bits of entropy at least
 * @param nonce 128 bits at least; may be part of the same reading
 */
export function createDrbg(
  hmac: Hmac,
  entropy: Uint8Array,
  nonce: Uint8Array,
  personalization: Uint8Array = EMPTY,
): Drbg {
  let key = new Uint8Array(32);
  let value = new Uint8Array(32).fill(1);
  let reseedCounter = 1;

  function update(...provided: readonly Uint8Array[]): void {
    const hasData = provided.some((part) => part.length > 0);
    turn(ZERO, ...provided);
    if (hasData) turn(ONE, ...provided);
  }

  /** What is replaced is wiped: with it the new one could be computed. */
  function turn(...data: readonly Uint8Array[]): void {
    const old = key;
    key = hmac(key, value, ...data) as Uint8Array<ArrayBuffer>;
    wipe(old);
    step();
  }

  function step(): void {
    const old = value;
    value = hmac(key, value) as Uint8Array<ArrayBuffer>;
    wipe(old);
  }

  update(entropy, nonce, personalization);

  return {
    generate(size, additional = EMPTY) {
      if (additional.length > 0) update(additional);
      const output = new Uint8Array(size);
      for (let done = 0; done < size; done += 32) {
        step();
        output.set(value.subarray(0, Math.min(32, size - done)), done);
      }
      update(additional);
      reseedCounter += 1;
      return output;
    },
    reseed(fresh, additional = EMPTY) {
      update(fresh, additional);
      reseedCounter = 1;
    },
    get reseedCounter() {
      return reseedCounter;
    },
    wipe() {
      wipe(key, value);
    },
  };
}
