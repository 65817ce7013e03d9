/** The last refills of a meter, as its security log tells them (domain.md R18). */

import { type RefillKind, refillKinds } from '#protocol/documents/refill';
import type { LogRecord } from '#protocol/documents/security-log';
import { type Mills, mills } from '#protocol/mills';

export interface PastRefill {
  readonly sequence: number;
  readonly kind: RefillKind;
  /** Undefined where the log does not reach back so far. */
  readonly requested: Mills | undefined;
  readonly requestedMs: number | undefined;
  /** 0 where it was declined; undefined where it is under way. */
  readonly credited: Mills | undefined;
  readonly finishedMs: number | undefined;
}

/** In the order of their sequence. */
export async function refillHistory(log: AsyncIterable<LogRecord>): Promise<PastRefill[]> {
  const refills = new Map<number, PastRefill>();
  for await (const { event, timeMs, a, b: sequence, c } of log) {
    if (event !== 'refillRequested' && event !== 'refilled') continue;
    const before = refills.get(sequence) ?? unknownRefill(sequence, refillKinds[c] ?? 'purchase');
    const next =
      event === 'refilled'
        ? { credited: mills(a), finishedMs: timeMs }
        : { requested: mills(a), requestedMs: timeMs };
    refills.set(sequence, { ...before, ...next });
  }
  return [...refills.values()].sort((left, right) => left.sequence - right.sequence);
}

function unknownRefill(sequence: number, kind: RefillKind): PastRefill {
  return {
    sequence,
    kind,
    requested: undefined,
    requestedMs: undefined,
    credited: undefined,
    finishedMs: undefined,
  };
}
