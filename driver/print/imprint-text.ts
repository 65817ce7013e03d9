/** The words and figures of an imprint, from the signed fields and from nothing else but the name of the service. */

import type { IndiciumFields } from '#protocol/documents/indicium';
import { formatMeterId } from '#protocol/documents/meter-id';
import { formatMills, type Mills } from '#protocol/mills';

export interface ImprintField {
  readonly caption: string;
  readonly value: string;
}

export interface ImprintText {
  readonly heading: string;
  readonly amount: string;
  /** The name of the service in capitals; empty where none is given. */
  readonly service: string;
  readonly mailed: ImprintField;
  readonly piece: ImprintField;
  readonly meter: ImprintField;
  readonly origin: ImprintField;
}

const months = [
  'JAN',
  'FEB',
  'MAR',
  'APR',
  'MAY',
  'JUN',
  'JUL',
  'AUG',
  'SEP',
  'OCT',
  'NOV',
  'DEC',
] as const;

export interface ImprintWording {
  /** What stands before the amount. */
  readonly currency: string;
  /** The class inscription, in any case. */
  readonly service: string;
  /** Whether the indicium was on paper before: the symbol is the same, so that only the words can say it. */
  readonly isReprint?: boolean | undefined;
}

export function imprintText(indicium: IndiciumFields, wording: ImprintWording): ImprintText {
  return {
    heading: heading(indicium, wording),
    amount: `${wording.currency}${amount(indicium.postage)}`,
    service: inscription(indicium, wording).toUpperCase(),
    mailed: { caption: 'MAILED', value: date(indicium.mailingDate) },
    piece: { caption: 'PIECE', value: grouped(indicium.pieceCount) },
    meter: { caption: 'METER', value: formatMeterId(indicium.meterId) },
    origin: { caption: 'FROM ZIP', value: String(indicium.originZip).padStart(5, '0') },
  };
}

/** What kind of imprint it is; a reader must see that one is not the first of its piece (domain.md R33-R35). */
function heading({ flags }: IndiciumFields, { isReprint = flags.reprint }: ImprintWording): string {
  const again = isReprint ? ' · REPRINT' : '';
  if (flags.test) return 'TEST PRINT';
  if (flags.redate) return `DATE CORRECTION${again}`;
  if (flags.correction) return `POSTAGE CORRECTION${again}`;
  return `POSTAGE PAID${again}`;
}

/** The class inscription; that of a correction or redate begins with what it is. */
function inscription({ flags }: IndiciumFields, { service }: ImprintWording): string {
  const kind = flags.redate ? 'redate' : flags.correction ? 'correction' : '';
  return [kind, service].filter((part) => part !== '').join(' · ');
}

/** Two decimals, and the third only where it is not 0: `0.78`, `0.785`. */
function amount(postage: Mills): string {
  return formatMills(postage).replace(/0$/, '');
}

/** 20261122 as `22 NOV 2026`: no reader takes the day for the month. */
function date(yyyymmdd: number): string {
  const month = months[(Math.floor(yyyymmdd / 100) % 100) - 1] ?? '';
  return `${yyyymmdd % 100} ${month} ${Math.floor(yyyymmdd / 10_000)}`;
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
