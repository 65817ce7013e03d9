/** The table of what each service costs, with the days it is valid on (requirements.md B4; domain.md R30). */

import * as P from 'micro-packed';
import type { Crypto, KeyPair } from '../crypto.ts';
import { mills24, oneOf, u16, u32 } from '../fields.ts';
import type { Mills } from '../mills.ts';
import type { Result } from '../result.ts';
import { checked, date } from './document-fields.ts';
import { type Issued, issuedDocument } from './signed-document.ts';

/** `fixed`: one price · `keyedIn`: any amount from minimum to maximum. */
export const rateKinds = ['fixed', 'keyedIn'] as const;

export interface Rate {
  readonly serviceId: number;
  readonly kind: (typeof rateKinds)[number];
  readonly minimum: Mills;
  /** The same as the minimum where the rate is fixed. */
  readonly maximum: Mills;
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

/** The fields of one rate, for the specification. */
export const rateFields = {
  serviceId: u16,
  kind: oneOf(rateKinds),
  minimum: mills24,
  maximum: mills24,
};

const rate: P.CoderType<Rate> = checked(P.struct(rateFields), 'a rate', (value) =>
  value.kind === 'fixed' ? value.minimum === value.maximum : value.minimum <= value.maximum,
);

const rates = checked(P.array(u16, rate), 'in ascending order', (list) =>
  list.every((each, place) => place === 0 || (list[place - 1] as Rate).serviceId < each.serviceId),
) as P.CoderType<unknown> as P.CoderType<readonly Rate[]>;

export const rateTableDocument = issuedDocument<RateTableFields>(
  'TRT1',
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
export function rateOf(table: RateTableFields, serviceId: number): Rate | undefined {
  return table.rates.find((each) => each.serviceId === serviceId);
}
