/** What a meter charged, against what its desk intended: each piece once, and nothing that nobody wanted. */

import type { Desk } from '../desk.ts';
import { must } from '../violation.ts';
import type { World } from '../world.ts';

/** The request that each reference was charged under, as far as that was looked at. */
const charged = new WeakMap<Desk, { count: number; readonly requests: Map<string, string> }>();

/** @throws Violation */
export function checkCharges({ desks }: World): void {
  for (const desk of desks) {
    const seen = charged.get(desk) ?? { count: 0, requests: new Map<string, string>() };
    charged.set(desk, seen);
    const { debits } = desk.device.witness;
    if (debits.size === seen.count) continue;
    seen.count = debits.size;
    for (const { request, pieceCount } of debits.values()) {
      const reference = desk.intentions.get(request);
      must(
        reference !== undefined,
        'indicium',
        () => `${desk.name}: piece ${pieceCount} was charged for nobody`,
      );
      if (reference === undefined) continue;
      const before = seen.requests.get(reference) ?? request;
      must(before === request, 'indicium', () => `${desk.name}: ${reference} was charged twice`);
      seen.requests.set(reference, request);
    }
  }
}
