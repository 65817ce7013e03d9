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

/** @param currency what stands before the amount @param service the class inscription, in any case */
export function imprintText(
  indicium: IndiciumFields,
  { currency, service }: { readonly currency: string; readonly service: string },
): ImprintText {
  return {
    heading: heading(indicium),
    amount: `${currency}${amount(indicium.postage)}`,
    service: service.toUpperCase(),
    mailed: { caption: 'MAILED', value: date(indicium.mailingDate) },
    piece: { caption: 'PIECE', value: grouped(indicium.pieceCount) },
    meter: { caption: 'METER', value: formatMeterId(indicium.meterId) },
    origin: { caption: 'FROM ZIP', value: String(indicium.originZip).padStart(5, '0') },
  };
}

/** What kind of imprint it is; a reader must see that one is not the first of its piece (domain.md R33-R35). */
function heading({ flags }: IndiciumFields): string {
  if (flags.test) return 'TEST PRINT';
  if (flags.redate) return 'DATE CORRECTION';
  if (flags.correction) return 'POSTAGE CORRECTION';
  if (flags.reprint) return 'POSTAGE PAID · REPRINT';
  return 'POSTAGE PAID';
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
