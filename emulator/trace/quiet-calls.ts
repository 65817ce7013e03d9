/** A digest of the calls that are no events, turn by turn: crypto engine, image and fuses (calls.ts). */

import { createHash } from 'node:crypto';
import type { Word } from '../cpu/hardware-calls.ts';

/** Bytes of the digest of a turn. */
const DIGEST_SIZE = 12;

export class QuietCalls {
  #hash = createHash('sha256');
  #isNew = true;
  /** Calls since the last event. */
  sinceEvent = 0;

  add(path: string, given: readonly unknown[], answer: Word): void {
    this.#isNew = false;
    this.sinceEvent += 1;
    this.#hash.update(`${path}(${given.length}`);
    for (const part of [...given, answer]) {
      if (typeof part === 'number' || part === undefined) this.#hash.update(`,${part}`);
      else {
        const bytes = new Uint8Array(part as ArrayBuffer);
        this.#hash.update(`,${bytes.length}:`).update(bytes);
      }
    }
  }

  /** The digest of the turn that ends, in hex; of none where there were no such calls. */
  end(): string {
    if (this.#isNew) return '';
    const digest = this.#hash.digest('hex').slice(0, 2 * DIGEST_SIZE);
    this.#hash = createHash('sha256');
    this.#isNew = true;
    this.sinceEvent = 0;
    return digest;
  }
}
