/** A meter that charges, for tests of what the host does when something fails between the two. */

import { openMeter } from '#driver/meter';
import type { RequestOf } from '#protocol/command';
import type { RequestId } from '#protocol/command-layouts';
import { ok, type Refusal, refuse } from '#protocol/result';
import { createImitation, sampleIndicium } from './imitation.ts';
import { identity, registers, replugable, trust } from './imitation-host.ts';

/**
 * A meter that charges as the firmware does: the same request id gives the recorded indicium, a new one runs ahead of the
 * last. A test may pull the line behind the next charge or before it, or have the meter refuse.
 */
export async function chargingMeter() {
  const recorded = new Map<string, { postage: number; indicium: Uint8Array }>();
  const charged: number[] = [];
  const reprinted: RequestId[] = [];
  let requestCounter = 9;
  let refusal: Refusal | undefined;
  let pull: 'before' | 'behind' | undefined;

  function createIndicium({ requestId, postage }: RequestOf<'createIndicium'>) {
    const key = `${requestId.counter} ${requestId.nonce}`;
    const known = recorded.get(key);
    if (known !== undefined)
      return known.postage === postage
        ? ok({ indicium: known.indicium })
        : refuse('requestIdReused');
    if (requestId.counter <= requestCounter) return refuse('requestForgotten');
    if (refusal !== undefined) return refusal;
    if (pull !== 'before') {
      requestCounter = requestId.counter;
      charged.push(postage);
      recorded.set(key, { postage, indicium: sampleIndicium(charged.length) });
    }
    if (pull !== undefined) unplug();
    pull = undefined;
    return ok({ indicium: sampleIndicium(charged.length) });
  }

  const imitation = createImitation({
    services: {
      registers: () => ok({ ...registers, requestCounter }),
      createIndicium,
      reprintIndicium({ requestId }) {
        reprinted.push(requestId);
        const known = recorded.get(`${requestId.counter} ${requestId.nonce}`);
        return known === undefined ? refuse('originalUnknown') : ok({ indicium: known.indicium });
      },
    },
  });
  Object.assign(imitation.situation, { state: 'idle', caller: 'user' });
  const { port, unplug } = replugable(() => imitation);
  const meter = await openMeter(port, { identity, trust });
  return {
    meter,
    charged,
    reprinted,
    pullAtNext(when: 'before' | 'behind') {
      pull = when;
    },
    refuseWith(next: Refusal | undefined) {
      refusal = next;
    },
  };
}
