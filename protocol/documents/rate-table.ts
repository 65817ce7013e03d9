/** The table of what each service costs, with the days it is valid on (requirements.md B4, C6; domain.md R30). */

import * as P from 'micro-packed';
import type { Crypto, KeyPair } from '../crypto.ts';
import { listOf, mills24, oneOf, u8, u16, u32 } from '../fields.ts';
import { type Mills, mills } from '../mills.ts';
import { ok, type Result, refuse } from '../result.ts';
import { checked, date } from './document-fields.ts';
import { type Issued, issuedDocument } from './signed-document.ts';

/**
 * `fixed`: one price · `keyedIn`: any amount from minimum to maximum · `weighed`: by weight and zone · `extra`: added to
 * another service, as registration is · `certificate`: charge of a certificate service.
 */
export const rateKinds = ['fixed', 'keyedIn', 'weighed', 'extra', 'certificate'] as const;

/** What a piece up to some weight costs. */
export interface WeightStep {
  /** Milligrams; the piece may have as many. */
  readonly weightMaxMg: number;
  /** Price in each zone, zone 0 first. */
  readonly prices: readonly Mills[];
}

export interface Rate {
  readonly serviceId: number;
  readonly kind: (typeof rateKinds)[number];
  /** The least price. */
  readonly minimum: Mills;
  /** The greatest price; the same as the least but for `keyedIn` and `weighed`. */
  readonly maximum: Mills;
  /** Of a `weighed` rate, by growing weight, each for the same zones; none otherwise. */
  readonly steps: readonly WeightStep[];
}

export interface RateTableFields {
  /** Grows with every edition; an indicium names it as its rate category. */
  readonly version: number;
  /** First day of validity, YYYYMMDD. */
  readonly validFrom: number;
  /** Last day of validity, YYYYMMDD. */
  readonly validTo: number;
  /** By ascending service id, each once. */
  readonly rates: readonly Rate[];
}
export type RateTable = Issued<RateTableFields>;

/** The fields of one step and of one rate, for the specification. */
export const weightStepFields = { weightMaxMg: u32, prices: listOf(u8, mills24) };
export const rateFields = {
  serviceId: u16,
  kind: oneOf(rateKinds),
  minimum: mills24,
  maximum: mills24,
  steps: listOf<WeightStep>(u8, P.struct(weightStepFields)),
};

const rate: P.CoderType<Rate> = checked(P.struct(rateFields), 'a rate', isRate);

/** Whether prices and steps fit the kind. */
export function isRate({ kind, minimum, maximum, steps }: Rate): boolean {
  switch (kind) {
    case 'fixed':
    case 'extra':
    case 'certificate':
      return minimum === maximum && steps.length === 0;
    case 'keyedIn':
      return minimum <= maximum && steps.length === 0;
    case 'weighed':
      return areSteps(steps) && extremesAre(steps, minimum, maximum);
  }
}

function areSteps(steps: readonly WeightStep[]): boolean {
  const zones = steps[0]?.prices.length ?? 0;
  return (
    zones > 0 &&
    steps.every(
      ({ prices, weightMaxMg }, place) =>
        prices.length === zones && weightMaxMg > (steps[place - 1]?.weightMaxMg ?? 0),
    )
  );
}

function extremesAre(steps: readonly WeightStep[], minimum: Mills, maximum: Mills): boolean {
  const prices = steps.flatMap((step) => step.prices);
  return Math.min(...prices) === minimum && Math.max(...prices) === maximum;
}

const rates = checked(listOf(u16, rate), 'in ascending order', (list) =>
  list.every(
    ({ serviceId }, place) => place === 0 || serviceId > (list[place - 1] as Rate).serviceId,
  ),
);

export const rateTableDocument = issuedDocument<RateTableFields>(
  'TRT2',
  { version: u32, validFrom: date, validTo: date, rates },
  ({ validFrom, validTo }) => validFrom <= validTo,
);

/** @throws Error where a field does not fit: a bug of the caller */
export function issueRateTable(
  crypto: Crypto,
  authority: KeyPair,
  fields: RateTableFields,
): Uint8Array {
  return rateTableDocument.issue(crypto, authority, fields);
}

/**
 * Whether it is valid today, and later than the one the meter has, is the caller's to check.
 * Refusals: `documentMalformed`, `signatureInvalid`.
 */
export function verifyRateTable(
  crypto: Crypto,
  authorityKey: Uint8Array,
  bytes: Uint8Array,
): Result<RateTable> {
  return rateTableDocument.verify(crypto, authorityKey, bytes);
}

/** The rate of a service; undefined where the table has none. */
export function rateOf(table: Pick<RateTableFields, 'rates'>, serviceId: number): Rate | undefined {
  return table.rates.find((each) => each.serviceId === serviceId);
}

/** Whether a service is for a piece of mail by itself: neither an extra nor a certificate service. */
function isMail(rate: Rate | undefined): rate is Rate {
  return rate !== undefined && rate.kind !== 'extra' && rate.kind !== 'certificate';
}
export const isMailService = (table: RateTableFields, serviceId: number): boolean =>
  isMail(rateOf(table, serviceId));

/** What a piece of mail is, for its price. */
export interface Rated {
  readonly serviceId: number;
  /** 0 where the service is not weighed. */
  readonly weightMg: number;
  /** 0 where the service knows no zones. */
  readonly zone: number;
  /** Services of the kind `extra`, each once. */
  readonly extras: readonly number[];
}

/** What a piece may cost: one price, but for a service that is keyed in. */
export interface Price {
  readonly minimum: Mills;
  readonly maximum: Mills;
}

/**
 * The price of a piece (requirements.md C6). Refusals: `serviceUnknown` · `weightInvalid` heavier than the table knows, or
 * a weight where none is asked · `zoneInvalid`.
 */
export function priceOf(table: Pick<RateTableFields, 'rates'>, piece: Rated): Result<Price> {
  const found = rateOf(table, piece.serviceId);
  if (!isMail(found)) return refuse('serviceUnknown');
  const base = found.kind === 'weighed' ? weighedPrice(found, piece) : plainPrice(found, piece);
  if (!base.ok) return base;
  let sum = 0;
  for (const [place, id] of piece.extras.entries()) {
    const extra = rateOf(table, id);
    if (extra?.kind !== 'extra' || piece.extras.indexOf(id) !== place)
      return refuse('serviceUnknown');
    sum += extra.minimum;
  }
  return ok({ minimum: mills(base.value.minimum + sum), maximum: mills(base.value.maximum + sum) });
}

function plainPrice({ minimum, maximum }: Rate, { weightMg, zone }: Rated): Result<Price> {
  if (weightMg !== 0) return refuse('weightInvalid', 0);
  if (zone !== 0) return refuse('zoneInvalid', 0);
  return ok({ minimum, maximum });
}

function weighedPrice({ steps }: Rate, { weightMg, zone }: Rated): Result<Price> {
  const step = steps.find(({ weightMaxMg }) => weightMg <= weightMaxMg);
  if (step === undefined || weightMg === 0)
    return refuse('weightInvalid', steps.at(-1)?.weightMaxMg ?? 0);
  const price = step.prices[zone];
  if (price === undefined) return refuse('zoneInvalid', step.prices.length);
  return ok({ minimum: price, maximum: price });
}
