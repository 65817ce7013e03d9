/** Request ids that follow each other, whoever asks: candidates of one meter share its counter. */

import type { Meter } from '#driver/meter';
import type { RequestId } from '#protocol/command-layouts';

export interface RequestCounter {
  /** The meter is asked where it stands the first time only. */
  next(): Promise<RequestId>;
}

const counters = new WeakMap<Meter, RequestCounter>();

export function counterOf(meter: Meter): RequestCounter {
  const known = counters.get(meter);
  if (known !== undefined) return known;
  let last: number | undefined;
  const counter: RequestCounter = {
    async next() {
      last = (last ?? (await meter.registers()).requestCounter) + 1;
      return { counter: last, nonce: 1 };
    },
  };
  counters.set(meter, counter);
  return counter;
}
