/** The outcome of comparing the books of a provider with those of the authority, as both servers tell it (requirements.md G7). */

import { formatMeterId, parseMeterId } from '../documents/meter-id.ts';
import {
  amount,
  choice,
  flag,
  list,
  nullable,
  parsed,
  record,
  type ShapeValue,
  whole,
} from './shape.ts';

/**
 * What differs. `pool`: what was issued is not what the pool holds and moved · `toMeters`: what the pool moved is not the sum
 * of the movements · `returned`: what came back is not the sum of the withdrawals · `credited`, `certificateCredited`,
 * `spoilageCredited`, `settled`, `withdrawn`: a register of a meter is not what the movements make it · `spoilageApproved`:
 * more came back than was approved · `movementMissing`: a number of a refill is left out · `meterUnknown`: no meter of
 * this provider.
 */
export const differenceNames = [
  'pool',
  'toMeters',
  'returned',
  'credited',
  'certificateCredited',
  'spoilageCredited',
  'settled',
  'withdrawn',
  'spoilageApproved',
  'movementMissing',
  'meterUnknown',
] as const;
export type DifferenceName = (typeof differenceNames)[number];

/** At most so many differences in one answer. */
export const DIFFERENCES_LIMIT = 1_000;

export const differenceShape = record({
  name: choice(differenceNames),
  /** Null where it is about the pool. */
  meterId: nullable(parsed('a meter number as TS01-0000000042', parseMeterId, formatMeterId)),
  /** By the provider's books. */
  provider: amount,
  /** By the authority's books, or by what the meter reports. */
  authority: amount,
});
export type Difference = ShapeValue<typeof differenceShape>;

export const reconciliationShape = record({
  /** Of the last batch that counts; 0 where none was taken. */
  batch: whole(0, 0xffff_ffff),
  /** Whether nothing of the provider is still to come, so that the sums below can be compared. */
  isComplete: flag,
  isEqual: flag,
  /** Everything issued to the provider, and how much of it is still on its way into the pool. */
  issued: amount,
  underWay: amount,
  /** Where the rest is by the provider's books. */
  inPool: amount,
  forSpoilage: amount,
  toMeters: amount,
  /** What came back from meters that were withdrawn; it was part of what went to meters. */
  returned: amount,
  /** Meters with movements, and how many of them have not reported yet. */
  meters: whole(0, Number.MAX_SAFE_INTEGER),
  unreported: whole(0, Number.MAX_SAFE_INTEGER),
  differences: list(differenceShape, DIFFERENCES_LIMIT),
});
export type Reconciliation = ShapeValue<typeof reconciliationShape>;
