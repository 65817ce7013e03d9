/** What a piece costs by the table that the meter itself charges from (requirements.md C6; domain.md R7). */

import {
  priceOf,
  type Rated,
  type RateTable,
  rateTableDocument,
} from '#protocol/documents/rate-table';
import type { Mills } from '#protocol/mills';
import { ok, type Result, refuse } from '#protocol/result';
import type { Meter } from './meter.ts';
import type { CallOptions } from './session.ts';

/** The table of today, and the one that takes its place on its first day; undefined where there is none. */
export interface MeterRates {
  readonly current: RateTable | undefined;
  readonly next: RateTable | undefined;
}

/**
 * Reads the tables of a meter, which has verified them. In a session; nobody needs to be logged in.
 * @throws RefusedError, LinkError
 */
export async function ratesOf(
  meter: Pick<Meter, 'rateTables'>,
  options: CallOptions = {},
): Promise<MeterRates> {
  const { current, next } = await meter.rateTables(options);
  return { current: readTable(current), next: readTable(next) };
}

function readTable(bytes: Uint8Array): RateTable | undefined {
  const read = rateTableDocument.read(bytes);
  return read.ok ? read.value : undefined;
}

/** What of a piece decides its price, as a program says it. */
export interface PricedPiece extends Pick<Rated, 'serviceId'> {
  readonly weightMg?: number | undefined;
  readonly zone?: number | undefined;
  readonly extras?: readonly number[] | undefined;
  /** Needed where the amount of the service is keyed in; compared where the table gives it. */
  readonly postage?: Mills | undefined;
}

/**
 * The postage of a piece. Refusals as the meter would give them: `serviceUnknown` · `weightInvalid` · `zoneInvalid` ·
 * `postageNotRate` another amount than the table's · `amountInvalid` where one must be given · `postageBelowMinimum`,
 * `postageAboveMaximum` where that one is not within its bounds.
 */
export function postageOf(table: RateTable, piece: PricedPiece): Result<Mills> {
  const { serviceId, weightMg = 0, zone = 0, extras = [], postage } = piece;
  const price = priceOf(table, { serviceId, weightMg, zone, extras });
  if (!price.ok) return price;
  const { minimum, maximum } = price.value;
  if (minimum === maximum)
    return postage === undefined || postage === minimum
      ? ok(minimum)
      : refuse('postageNotRate', minimum);
  if (postage === undefined) return refuse('amountInvalid');
  if (postage < minimum) return refuse('postageBelowMinimum', minimum);
  return postage > maximum ? refuse('postageAboveMaximum', maximum) : ok(postage);
}
