/** What happened in a simulated world, in its order: a digest that two equal runs share, and the lines where wanted. */

import { createHash } from 'node:crypto';

export interface Trace {
  /** Notes something; bytes count for the digest and are not shown in full. */
  note(what: string, bytes?: Uint8Array): void;
  /** 64 hex digits over everything noted so far; nothing can be noted after. */
  digest(): string;
}

const SHOWN_BYTES = 24;

/** @param show told each line */
export function createTrace(nowMs: () => number, show?: (line: string) => void): Trace {
  const hash = createHash('sha256');
  return {
    note(what, bytes) {
      const line = `${nowMs()} ${what}\n`;
      hash.update(line);
      if (bytes !== undefined) hash.update(bytes);
      if (show === undefined) return;
      const head = bytes === undefined ? '' : Buffer.from(bytes.subarray(0, SHOWN_BYTES));
      const text = head === '' ? '' : ` ${bytes?.length} ${head.toString('hex')}`;
      show(`${new Date(nowMs()).toISOString()} ${what}${text}`);
    },
    digest: () => hash.digest('hex'),
  };
}
