/** All pieces of a job with what became of them, for books, refunds and verification (requirements.md B7, C4). */

import { readIndicium } from '#protocol/documents/indicium';
import type { Mills } from '#protocol/mills';
import { formatMills } from '#protocol/mills';
import type { Job, JobPiece } from './job.ts';
import { isCharged } from './job-tally.ts';
import type { PieceState } from './piece-state.ts';

export interface ManifestRow {
  readonly reference: string;
  readonly state: PieceState;
  readonly serviceId: number;
  /** Undefined where the rate table has no price for it. */
  readonly postage: Mills | undefined;
  readonly weightMg: number;
  readonly zone: number;
  readonly extras: readonly number[];
  readonly destination: number;
  /** Of the indicium where there is one; undefined for the day of a debit that is still to come. */
  readonly mailingDate: number | undefined;
  /** Count of the meter, where it is charged. */
  readonly pieceCount: number | undefined;
  readonly reprints: number;
  /** Why it was refused or spoiled. */
  readonly reason: string | undefined;
  readonly indicium: Uint8Array | undefined;
}

/** In the order of the list, read one by one. */
export async function* manifestRows(job: Job): AsyncGenerator<ManifestRow> {
  for await (const piece of job.pieces()) yield await rowOf(job, piece);
}

async function rowOf(job: Job, piece: JobPiece): Promise<ManifestRow> {
  const { index, reference, serviceId, postage, destination, record } = piece;
  const { weightMg, zone, extras } = piece;
  const indicium = isCharged(record) ? await job.indicium(index) : undefined;
  const read = indicium === undefined ? undefined : readIndicium(indicium);
  return {
    reference,
    state: record.state,
    serviceId,
    postage,
    weightMg,
    zone,
    extras,
    destination,
    mailingDate: record.intention?.mailingDate ?? piece.mailingDate,
    pieceCount: read?.ok === true ? read.value.pieceCount : undefined,
    reprints: record.reprints,
    reason: record.reason,
    indicium,
  };
}

/** The manifest as lines of CSV (RFC 4180), the header first. */
export async function* manifestCsv(job: Job): AsyncGenerator<string> {
  yield [
    'reference,state,service,postage,destination,mailing date',
    'weight,zone,extras,piece count,reprints,reason,indicium',
  ].join(',');
  for await (const row of manifestRows(job)) yield cellsOf(row).map(cellOf).join(',');
}

function cellsOf(row: ManifestRow): readonly (string | number | undefined)[] {
  const { reference, state, serviceId, postage, destination, mailingDate } = row;
  return [
    ...[reference, state, serviceId, postage === undefined ? '' : formatMills(postage)],
    ...[destination, mailingDate, row.weightMg === 0 ? '' : row.weightMg / 1_000],
    ...[row.zone, row.extras.join(' '), row.pieceCount, row.reprints, row.reason],
    row.indicium === undefined ? '' : Buffer.from(row.indicium).toString('hex'),
  ];
}

/** What a spreadsheet would take for a formula is made text of. */
function cellOf(value: string | number | undefined): string {
  const text = String(value ?? '').replace(/^[=+\-@\t\r]/, "'$&");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
