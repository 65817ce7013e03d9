/** What a printer said and nobody has taken yet. */

import type { PrinterLine } from './line/line.ts';

export interface Inbox {
  /** Throws away what was said so far. */
  clear(): void;
  /**
   * Waits until what was said holds something, which is asked after every arrival.
   * @returns what was found; undefined where it did not come in time
   * @throws the reason for which the line ended meanwhile
   */
  find<T>(pick: (heard: Uint8Array) => T | undefined, timeoutMs: number): Promise<T | undefined>;
  /** The reason for which the line ended; undefined while it is open. */
  readonly end: Error | undefined;
}

/** More than a printer says while it prints one job; what is older is forgotten. */
const HEARD_MAX = 4_096;

export function createInbox(line: PrinterLine): Inbox {
  let heard = new Uint8Array(0);
  let end: Error | undefined;
  let notify: () => void = () => undefined;
  line.onData((bytes) => {
    const all = new Uint8Array(heard.length + bytes.length);
    all.set(heard);
    all.set(bytes, heard.length);
    heard = all.slice(-HEARD_MAX);
    notify();
  });
  line.onClose((reason) => {
    end = reason ?? new Error('the printer was closed');
    notify();
  });
  return {
    clear() {
      heard = new Uint8Array(0);
    },
    async find(pick, timeoutMs) {
      type Found = ReturnType<typeof pick>;
      const { promise, resolve, reject } = Promise.withResolvers<Found>();
      const timer = setTimeout(() => resolve(undefined as Found), timeoutMs);
      notify = () => {
        const found = pick(heard);
        if (found !== undefined) resolve(found);
        else if (end !== undefined) reject(end);
      };
      notify();
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        notify = () => undefined;
      }
    },
    get end() {
      return end;
    },
  };
}
