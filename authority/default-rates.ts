/** The rate table a new authority starts with: prices of common services, and one where the amount is keyed in. */

import type { Rate } from '#protocol/documents/rate-table';
import { mills } from '#protocol/mills';

/** Days the first table is valid: one year. */
export const DEFAULT_RATE_DAYS = 366;

const fixed = (serviceId: number, charge: number): Rate => ({
  serviceId,
  kind: 'fixed',
  minimum: mills(charge),
  maximum: mills(charge),
});

/** The names of the services below, for people. */
export const defaultServiceNames: Readonly<Record<number, string>> = {
  1: 'letter, 1 oz',
  2: 'letter, 2 oz',
  3: 'letter, 3 oz',
  10: 'postcard',
  20: 'large envelope, 1 oz',
  100: 'amount keyed in',
};

export const defaultRates: readonly Rate[] = [
  fixed(1, 780),
  fixed(2, 1_070),
  fixed(3, 1_360),
  fixed(10, 620),
  fixed(20, 1_630),
  // 0.160 is the least that any imprint may show (domain.md R7)
  { serviceId: 100, kind: 'keyedIn', minimum: mills(160), maximum: mills(100_000) },
];
