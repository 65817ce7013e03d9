/** The rate table a new authority starts with: prices of common services, and one where the amount is keyed in. */

import type { Rate } from '#protocol/documents/rate-table';
import { mills } from '#protocol/mills';

/** Days the first table is valid: one year. */
export const DEFAULT_RATE_DAYS = 366;

const priced =
  (kind: 'fixed' | 'extra' | 'certificate') =>
  (serviceId: number, charge: number): Rate => ({
    serviceId,
    kind,
    minimum: mills(charge),
    maximum: mills(charge),
    steps: [],
  });
const fixed = priced('fixed');
const extra = priced('extra');
const certificate = priced('certificate');

/** @param steps greatest weight in ounces, then the price in each zone */
function weighed(serviceId: number, ...steps: readonly (readonly number[])[]): Rate {
  const priceOf = steps.map(([, ...prices]) => prices.map((price) => mills(price)));
  const prices = priceOf.flat();
  return {
    serviceId,
    kind: 'weighed',
    minimum: mills(Math.min(...prices)),
    maximum: mills(Math.max(...prices)),
    steps: steps.map(([ounces = 0], place) => ({
      weightMaxMg: Math.ceil(ounces * MG_PER_OUNCE),
      prices: priceOf[place] ?? [],
    })),
  };
}

const MG_PER_OUNCE = 28_349.523_125;

/** The names of the services below, for people. */
export const defaultServiceNames: Readonly<Record<number, string>> = {
  1: 'letter, 1 oz',
  2: 'letter, 2 oz',
  3: 'letter, 3 oz',
  10: 'postcard',
  20: 'large envelope, 1 oz',
  30: 'letter by weight, up to 3.5 oz',
  31: 'large envelope by weight, up to 13 oz',
  40: 'parcel by weight and zone, up to 5 lb',
  100: 'amount keyed in',
  200: 'registered',
  201: 'return receipt',
  300: 'postmark',
  301: 'validation of a postmark',
  302: 'certificate for a key in the meter',
  303: 'certificate for somebody else',
  304: 'revocation of a certificate',
  305: 'signature',
  306: 'verification of a signature',
  307: 'encryption',
  308: 'decryption',
  309: 'authentication',
  310: 'line of credit',
  311: 'payment from a line of credit',
  312: 'ticket',
};

export const defaultRates: readonly Rate[] = [
  fixed(1, 780),
  fixed(2, 1_070),
  fixed(3, 1_360),
  fixed(10, 620),
  fixed(20, 1_630),
  weighed(30, [1, 780], [2, 1_070], [3, 1_360], [3.5, 1_650]),
  weighed(31, [1, 1_630], [4, 2_500], [8, 3_660], [13, 5_110]),
  // zones 0 to 3: the same town, the same region, the country, overseas
  weighed(
    40,
    [8, 5_250, 5_600, 6_400, 18_900],
    [16, 6_200, 6_900, 8_300, 26_400],
    [32, 7_400, 8_600, 11_200, 38_700],
    [80, 9_900, 12_700, 18_400, 61_500],
  ),
  // 0.160 is the least that any imprint may show (domain.md R7)
  { serviceId: 100, kind: 'keyedIn', minimum: mills(160), maximum: mills(100_000), steps: [] },
  extra(200, 4_850),
  extra(201, 2_620),
  certificate(300, 350),
  certificate(301, 100),
  certificate(302, 5_000),
  certificate(303, 2_500),
  certificate(304, 500),
  certificate(305, 150),
  certificate(306, 50),
  certificate(307, 100),
  certificate(308, 100),
  certificate(309, 50),
  certificate(310, 1_000),
  certificate(311, 200),
  certificate(312, 150),
];
