/** A report: a table with what its columns are, and a picture where that says more (requirements.md F7). */

import { formatMills, type Mills, mills } from '#protocol/mills';

export interface ReportColumn {
  /** For programs, camelCase. */
  readonly name: string;
  readonly title: string;
  /** Amounts are whole mills. */
  readonly kind: 'text' | 'count' | 'amount' | 'percent';
}

/** Undefined where there is nothing to say. */
export type ReportCell = string | number | undefined;

/** Bars beside each other, each with a limit where it has one. */
export interface ReportChart {
  readonly title: string;
  readonly kind: ReportColumn['kind'];
  readonly bars: readonly ChartBar[];
}

export interface ChartBar {
  readonly label: string;
  readonly value: number;
  readonly limit?: number | undefined;
}

export interface Report {
  readonly title: string;
  /** What it covers. */
  readonly subtitle: string;
  readonly columns: readonly ReportColumn[];
  readonly rows: readonly (readonly ReportCell[])[];
  /** Below the table, as wide as it. */
  readonly totals?: readonly ReportCell[] | undefined;
  readonly chart?: ReportChart | undefined;
  /** What somebody should know or do. */
  readonly notes: readonly string[];
}

/** A cell for a person. */
export function cellText(cell: ReportCell, { kind }: Pick<ReportColumn, 'kind'>): string {
  if (cell === undefined) return '';
  if (typeof cell === 'string') return cell;
  switch (kind) {
    case 'amount':
      return amountText(cell);
    case 'percent':
      return `${Math.round(cell)} %`;
    case 'count':
    case 'text':
      return String(cell);
  }
}

/** Differences may be below zero, which no register is. */
export const amountText = (value: number): string =>
  value < 0 ? `-${formatMills(mills(-value))}` : formatMills(value as Mills);

export const isNumeric = ({ kind }: Pick<ReportColumn, 'kind'>): boolean => kind !== 'text';
