/**
 * What is settled before a job charges anything: prices by the table that the meter charges from, high values, and
 * whether the funds reach (requirements.md C4, C6; domain.md R8).
 */

import type { Registers } from '#protocol/command-layouts';
import { rateTableDocument } from '#protocol/documents/rate-table';
import { formatMills, type Mills } from '#protocol/mills';
import { licenceOf, spendable } from '../funds.ts';
import { BatchError } from './batch-error.ts';
import { type BatchMeter, haveRatesMoved } from './charging.ts';
import type { Job } from './job.ts';

/** The meter charges by another rate table than the job was rated with. */
export interface RatesChange {
  /** Versions. */
  readonly from: number;
  readonly to: number;
  /** Postage of what may still be charged. */
  readonly before: Mills;
  readonly after: Mills;
  /** Pieces that cost something else now. */
  readonly changed: number;
  /** Pieces that the table has no price for any more; they would end refused. */
  readonly unpriced: number;
}

/** What the job may still charge, and what the meter has. */
export interface JobFunds {
  readonly toCharge: Mills;
  readonly available: Mills;
}

export interface Consent {
  /** Whether to go on at other prices. Not asked where none is different; where nobody answers, the run ends. */
  readonly onRatesChanged?: ((change: RatesChange) => boolean | Promise<boolean>) | undefined;
  /** That pieces of high value are meant. */
  readonly confirmsHighValues?: boolean | undefined;
  /** Whether to begin where the funds do not reach for all of it. */
  readonly allowsShort?: boolean | undefined;
  /** Told before the first debit, and again where the rates have changed. */
  readonly onStart?: ((funds: JobFunds) => void) | undefined;
}

/**
 * @param registers of the meter as they are
 * @throws BatchError `ratesChanged`, `highValue`, `fundsShort`: nothing was charged since it was called
 */
export async function settleBefore(
  job: Job,
  meter: BatchMeter,
  registers: Registers,
  consent: Consent,
): Promise<void> {
  if (await haveRatesMoved(job, meter)) await followRates(job, meter, consent);
  const licence = await licenceOf(meter);
  const { highValue = 0 } = licence ?? {};
  if (highValue > 0 && consent.confirmsHighValues !== true) await checkValues(job, highValue);
  const available = spendable(registers, licence);
  const { toCharge } = job.figures;
  consent.onStart?.({ toCharge, available });
  if (toCharge <= available || consent.allowsShort === true) return;
  const [needs, has] = [formatMills(toCharge), formatMills(available)];
  throw new BatchError('fundsShort', `The job still needs ${needs}, and the meter has ${has}`);
}

async function followRates(
  job: Job,
  meter: BatchMeter,
  { onRatesChanged }: Consent,
): Promise<void> {
  const { current } = await meter.rateTables();
  const table = rateTableDocument.read(current);
  if (!table.ok || job.rates === undefined) return; // without a table the meter itself says what is the matter
  const { toCharge: after, changed, unpriced } = await job.quote(table.value);
  const change: RatesChange = {
    from: job.rates.version,
    to: table.value.version,
    before: job.figures.toCharge,
    after,
    changed,
    unpriced,
  };
  const isSame = changed + unpriced === 0;
  if (isSame || (await onRatesChanged?.(change)) === true) return job.adoptRates(current);
  throw new BatchError('ratesChanged', ratesText(change));
}

function ratesText({ from, to, before, after, changed, unpriced }: RatesChange): string {
  const gone = unpriced === 0 ? '' : ` and ${unpriced} have no price any more`;
  return (
    `The meter has rate table ${to} now, the job was rated by ${from}: ${changed} pieces cost something else` +
    `${gone}, ${formatMills(after)} instead of ${formatMills(before)} for what is left`
  );
}

async function checkValues(job: Job, highValue: number): Promise<void> {
  let count = 0;
  for await (const { postage = 0, record } of job.pieces())
    if (record.state === 'planned' && postage >= highValue) count += 1;
  if (count > 0)
    throw new BatchError('highValue', `${count} pieces are of ${highValue / 1_000} or more`);
}
