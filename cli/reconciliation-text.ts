/** The comparison of books, as authority and provider both tell it (requirements.md G7). */

import { formatMeterId } from '#protocol/documents/meter-id';
import type { Reconciliation } from '#protocol/http/reconciliation';
import { formatMills } from '#protocol/mills';
import { type Output, table } from './output.ts';

/** Exit code 0 where the books are equal, as far as they can be compared now. */
export function tellReconciliation(books: Reconciliation, output: Output): number {
  const { batch, isComplete, isEqual, differences, meters, unreported, ...amounts } = books;
  const { issued, underWay, inPool, forSpoilage, toMeters, returned } = amounts;
  const parts = differences.map(({ meterId, ...rest }) => ({
    ...rest,
    meter: meterId === undefined ? undefined : formatMeterId(meterId),
  }));
  output.say(
    'reconciliation',
    {
      ...{ batch, isComplete, isEqual, meters, unreported },
      ...{ issuedMills: issued, underWayMills: underWay, inPoolMills: inPool },
      ...{ forSpoilageMills: forSpoilage, toMetersMills: toMeters, returnedMills: returned },
      differences: parts,
    },
    [
      isEqual ? 'the books are equal' : 'THE BOOKS DIFFER',
      ...(isComplete ? [] : ['  something of the provider is still to come']),
      table([
        ['issued by the authority', formatMills(issued)],
        ['on its way to the pool', formatMills(underWay)],
        ['in the pool', formatMills(inPool)],
        ['waiting for spoilage refills', formatMills(forSpoilage)],
        ['moved to meters', formatMills(toMeters)],
        ['of it came back', formatMills(returned)],
        ['meters, not reported yet', `${meters}, ${unreported}`],
      ]),
      ...parts.map(
        ({ name, meter = 'the pool', provider, authority }) =>
          `  ${name} of ${meter}: provider ${formatMills(provider)}, authority ${formatMills(authority)}`,
      ),
    ].join('\n'),
  );
  return isEqual ? 0 : 1;
}
