/** A rate table with a rate of each kind, for meters of tests. */

import type { Rate } from '#protocol/documents/rate-table';
import { mills } from '#protocol/mills';
import { KEYED_IN, rateTable } from './meter.ts';

export const LETTER = 1;
export const WEIGHED = 2;
export const REGISTERED = 30;
export const INSURED = 31;
export const POSTMARK = 40;

const onePrice = (serviceId: number, kind: 'fixed' | 'extra' | 'certificate', price: number) => ({
  serviceId,
  kind,
  minimum: mills(price),
  maximum: mills(price),
  steps: [],
});

const allRates: readonly Rate[] = [
  onePrice(LETTER, 'fixed', 780),
  {
    serviceId: WEIGHED,
    kind: 'weighed',
    minimum: mills(1070),
    maximum: mills(2480),
    steps: [
      { weightMaxMg: 20_000, prices: [mills(1070), mills(1450)] },
      { weightMaxMg: 500_000, prices: [mills(1730), mills(2480)] },
    ],
  },
  { serviceId: KEYED_IN, kind: 'keyedIn', minimum: mills(200), maximum: mills(95_000), steps: [] },
  onePrice(REGISTERED, 'extra', 2200),
  onePrice(INSURED, 'extra', 350),
  onePrice(POSTMARK, 'certificate', 250),
];

/** The second edition of the table, signed. */
export const allRatesTable = (): Uint8Array => rateTable({ version: 2, rates: allRates });
