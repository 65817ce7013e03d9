/** Candidates that put postmarks on digests, and that let the meter judge one. */

import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import type { Candidate } from './compare.ts';
import { counterOf } from './transaction.ts';
import { stampCertificate } from './wealthy-meter.ts';

const OPERATIONS = 100;
const digest = nodeCrypto.sha256(new Uint8Array(64));
const digested = { isStreamed: false, digest } as const;
const asked = { number: 1, ...digested, nonce: new Uint8Array(8).fill(1) } as const;

/** @param meter with its user logged in */
export function stamping(name: string, baseline: string, meter: Meter): Candidate {
  const counter = counterOf(meter);
  return {
    name,
    baseline,
    operations: OPERATIONS,
    async run(operations) {
      for (let done = 0; done < operations; done++)
        await meter.postmark({ ...asked, requestId: await counter.next() });
    },
  };
}

/** Each a whole validation: certificate, signature, digest. */
export function validating(name: string, baseline: string, meter: Meter): Candidate {
  const counter = counterOf(meter);
  const certificate = stampCertificate();
  let stamped: Awaited<ReturnType<Meter['postmark']>> | undefined;
  return {
    name,
    baseline,
    operations: OPERATIONS,
    async run(operations) {
      stamped ??= await meter.postmark({ ...asked, requestId: await counter.next() });
      for (let done = 0; done < operations; done++) {
        const requestId = await counter.next();
        const judged = { requestId, ...digested, certificate, ...stamped };
        const { verdict } = await meter.validatePostmark(judged);
        if (verdict !== 'valid') throw new Error(`a good postmark was judged ${verdict}`);
      }
    },
  };
}
