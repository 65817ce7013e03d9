/** The piece that the options of `print` ask for: its price by the meter's own table, its date, the piece it stands for. */

import { defaultServiceNames } from '#authority/default-rates';
import { issuedPiece } from '#driver/earlier-piece';
import { mailingDateOf } from '#driver/mailing-date';
import type { Meter } from '#driver/meter';
import type { PendingEntry, PendingJournal } from '#driver/pending';
import type { Piece } from '#driver/piece';
import { type PricedPiece, postageOf, ratesOf } from '#driver/price';
import { weightOf } from '#driver/weight';
import type { PieceKind } from '#protocol/command-layouts';
import { dateOf } from '#protocol/documents/date';
import { readIndicium } from '#protocol/documents/indicium';
import type { RateTable } from '#protocol/documents/rate-table';
import { type Mills, mills } from '#protocol/mills';
import type { Refusal } from '#protocol/result';
import { Failure, UsageError } from '../../failure.ts';
import type { Home } from '../../home.ts';
import { timeOfDay } from '../../options.ts';
import { refusalText } from '../../refusal-text.ts';

/** Keyed in: any amount. */
const SERVICE_DEFAULT = 100;

export interface PieceOptions {
  readonly postage?: Mills;
  readonly service?: number;
  readonly weight?: number;
  readonly sheets?: number;
  readonly sheetWeight?: number;
  readonly envelopeWeight?: number;
  readonly zone?: number;
  readonly extra?: readonly number[];
  readonly kind: PieceKind;
  readonly original?: string;
  readonly confirm?: boolean;
  readonly to?: number;
  readonly date?: number;
  readonly cutOff?: string;
}

/** Milligrams; 0 where nothing is said of the weight. */
export function weightIn({ weight, sheets, sheetWeight, envelopeWeight }: PieceOptions): number {
  if (weight !== undefined && sheets !== undefined)
    throw new UsageError('Say --weight or --sheets, not both.');
  if (sheets === undefined) return weight ?? 0;
  return weightOf({ sheets, sheetMg: sheetWeight, envelopeMg: envelopeWeight });
}

/** The date that mail is given to the post on, where none is said. */
export function mailingDateNow({ cutOff }: PieceOptions, home: Home): number {
  const time = cutOff ?? home.settings.cutOff;
  if (time === undefined) return dateOf(Date.now());
  return mailingDateOf(Date.now(), { cutOffMinutes: timeOfDay(time) });
}

/**
 * @param earlier what is on record under the same reference
 * @throws Failure where the table has no price for it · UsageError
 */
export async function askedPiece(
  meter: Meter,
  journal: PendingJournal,
  meterName: string,
  options: PieceOptions,
  home: Home,
  earlier: PendingEntry | undefined,
): Promise<Piece> {
  const { kind } = options;
  const stoodFor =
    kind === 'postage' ? undefined : originalOf(journal, meterName, options.original);
  const piece = {
    kind,
    original: stoodFor?.pieceCount ?? 0,
    serviceId: options.service ?? stoodFor?.piece?.serviceId ?? SERVICE_DEFAULT,
    weightMg: kind === 'postage' ? weightIn(options) : 0,
    zone: options.zone ?? 0,
    extras: options.extra ?? [],
    isConfirmed: options.confirm ?? false,
    // printed again after midnight, it is still the piece of the day before
    mailingDate: options.date ?? earlier?.piece.mailingDate ?? mailingDateNow(options, home),
    destination: options.to ?? stoodFor?.piece?.destination ?? 0,
  };
  return { ...piece, postage: await postageFor(meter, options, piece, earlier) };
}

async function postageFor(
  meter: Meter,
  { kind, postage }: PieceOptions,
  piece: Omit<Piece, 'postage'>,
  earlier: PendingEntry | undefined,
): Promise<Mills> {
  switch (kind) {
    case 'redate':
      if (postage !== undefined)
        throw new UsageError('A redate costs nothing: leave --postage out.');
      return mills(0);
    case 'correction':
      if (postage === undefined) throw new UsageError('Say --postage: what the piece lacks.');
      return postage;
    case 'postage':
      // a price of yesterday is still that of a piece of yesterday
      return postage ?? earlier?.piece.postage ?? priceBy(await currentRates(meter), piece);
  }
}

/** The table of today. @throws Failure where there is none */
export async function currentRates(meter: Meter): Promise<RateTable> {
  const { current } = await ratesOf(meter);
  if (current !== undefined) return current;
  throw new Failure('rateTableMissing', 'The meter has no rates.', 'Call tessera meter sync.');
}

/** What the options ask for, by the table of the meter. @throws Failure, UsageError */
export async function priceFor(meter: Meter, options: PieceOptions): Promise<Mills> {
  const { service: serviceId = SERVICE_DEFAULT, zone, extra: extras, postage } = options;
  const piece = { serviceId, weightMg: weightIn(options), zone, extras, postage };
  return priceBy(await currentRates(meter), piece);
}

/** @throws Failure, UsageError */
function priceBy(table: RateTable, piece: PricedPiece): Mills {
  const price = postageOf(table, piece);
  if (price.ok) return price.value;
  if (price.status === 'amountInvalid')
    throw new UsageError(`Say --postage: the amount of service ${piece.serviceId} is keyed in.`);
  throw noPrice(price);
}

function noPrice({ status, detail }: Refusal): Failure {
  return new Failure(
    status,
    refusalText(status, detail),
    'tessera price --list tells what there is.',
  );
}

/** The piece that a correction or redate stands for, by its number or its reference. */
function originalOf(
  journal: PendingJournal,
  meterName: string,
  original: string | undefined,
): { readonly pieceCount: number; readonly piece: Piece | undefined } {
  if (original === undefined)
    throw new UsageError('Say --original: number or reference of the piece it stands for.');
  if (!/^\d{1,10}$/.test(original)) {
    const { piece, indicium } = issuedPiece(journal, meterName, original);
    return { pieceCount: countOf(indicium) ?? 0, piece };
  }
  const pieceCount = Number(original);
  const entry = journal
    .entries(meterName)
    .find(({ indicium }) => indicium !== undefined && countOf(indicium) === pieceCount);
  return { pieceCount, piece: entry?.piece };
}

function countOf(indicium: Uint8Array): number | undefined {
  const read = readIndicium(indicium);
  return read.ok ? read.value.pieceCount : undefined;
}

/** The class inscription, for people. With services that are added it is short: each of them must be readable. */
export function inscriptionOf(serviceId: number, extras: readonly number[] = []): string {
  const name = defaultServiceNames[serviceId] ?? '';
  if (extras.length === 0) return name;
  const added = extras.map((id) => defaultServiceNames[id] ?? `service ${id}`);
  return [name.split(',')[0], ...added].join(' + ');
}
