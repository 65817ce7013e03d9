/** Whether an amount can be the price of a service, as far as an indicium tells: it names no weight, zone or extra (requirements.md C6). */

import { type Rate, type RateTable, rateOf } from '#protocol/documents/rate-table';

/** With more extras than this, only the range is judged: sums of some of them double with each. */
const EXTRAS_MAX = 12;

export function isPrice(table: RateTable, serviceId: number, postage: number): boolean {
  const rate = rateOf(table, serviceId);
  if (rate === undefined || rate.kind === 'extra' || rate.kind === 'certificate') return false;
  const extras = table.rates.filter(({ kind }) => kind === 'extra').map(({ minimum }) => minimum);
  if (extras.length > EXTRAS_MAX) {
    const most = extras.reduce((sum, extra) => sum + extra, 0);
    return postage >= rate.minimum && postage <= rate.maximum + most;
  }
  return sumsOf(extras).some((extra) => isBasePrice(rate, postage - extra));
}

function isBasePrice({ kind, minimum, maximum, steps }: Rate, price: number): boolean {
  if (kind === 'weighed') return steps.some(({ prices }) => prices.some((each) => each === price));
  return minimum <= price && price <= maximum;
}

/** What some of the extras, each at most once, can cost together. */
function sumsOf(extras: readonly number[]): readonly number[] {
  return extras.reduce<readonly number[]>(
    (sums, extra) => sums.concat(sums.map((sum) => sum + extra)),
    [0],
  );
}
