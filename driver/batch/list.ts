/**
 * A mailing list: what each row of it asks for, and what is wrong with a row, before anything is charged
 * (requirements.md C4).
 */

import type { Mills } from '#protocol/mills';
import { CsvEncodingError, type CsvRow, readCsv } from './csv.ts';
import {
  readAddressee,
  readDate,
  readDestination,
  readExtras,
  readPostage,
  readReference,
  readService,
  readWeight,
  readZone,
  shown,
  Wrong,
} from './list-cells.ts';

/** One mail piece of a list. */
export interface ListPiece {
  /** Line of the list, counted from 1. */
  readonly line: number;
  /** Name of the piece in its job, unlike all others. */
  readonly reference: string;
  readonly serviceId: number;
  /** As the list has it; undefined where the rate table is to give it. */
  readonly postage: Mills | undefined;
  /** Milligrams; 0 where the service is not weighed. */
  readonly weightMg: number;
  /** 0 where the service has no zones. */
  readonly zone: number;
  /** Services that are added, as registration. */
  readonly extras: readonly number[];
  /** ZIP+4 and delivery point as a decimal number; 0 for none. */
  readonly destination: number;
  /** YYYYMMDD; undefined for the day on which it is charged. */
  readonly mailingDate: number | undefined;
  /** Lines of an address. */
  readonly addressee: readonly string[];
}

export interface ListProblem {
  readonly line: number;
  /** Where it is in one column. */
  readonly column?: ListColumn | undefined;
  readonly what: string;
}

/** By the name in the header, in any order; case, spaces, hyphens and underscores count for nothing. */
const columnNames = {
  reference: 'reference',
  service: 'service',
  postage: 'postage',
  destination: 'destination',
  mailingdate: 'mailing date',
  addressee: 'addressee',
  weight: 'weight',
  zone: 'zone',
  extras: 'extras',
} as const;
export type ListColumn = (typeof columnNames)[keyof typeof columnNames];
const required = ['reference', 'service', 'destination'] as const;

export const isPiece = (row: ListPiece | ListProblem): row is ListPiece => 'reference' in row;

/** Reads a list row by row: a piece of each row that is in order, each problem of one that is not. */
export async function* readList(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<ListPiece | ListProblem> {
  let columns: readonly ListColumn[] | undefined;
  try {
    for await (const row of readCsv(source)) {
      if (columns !== undefined) yield* readRow(row, columns);
      else {
        const header = readHeader(row);
        if ('what' in header) return yield header;
        columns = header.columns;
      }
    }
  } catch (error) {
    if (!(error instanceof CsvEncodingError)) throw error;
    yield { line: error.line, what: error.message };
    return;
  }
  if (columns === undefined)
    yield { line: 1, what: 'the list is empty: its first row names the columns' };
}

function readHeader({ line, cells, problem }: CsvRow): { columns: ListColumn[] } | ListProblem {
  if (problem !== undefined) return { line, what: problem };
  const columns: ListColumn[] = [];
  for (const cell of cells) {
    const key = cell.toLowerCase().replace(/[\s_-]/g, '');
    if (!Object.hasOwn(columnNames, key))
      return { line, what: `there is no column ${shown(cell)}; columns: ${allColumns}` };
    const column = columnNames[key as keyof typeof columnNames];
    if (columns.includes(column)) return { line, column, what: 'the column is there twice' };
    columns.push(column);
  }
  const missing = required.find((column) => !columns.includes(column));
  return missing === undefined
    ? { columns }
    : { line, column: missing, what: `the column is missing; columns: ${allColumns}` };
}

const allColumns = Object.values(columnNames).join(', ');

function* readRow(
  { line, cells, problem }: CsvRow,
  columns: readonly ListColumn[],
): Generator<ListPiece | ListProblem> {
  if (problem !== undefined) return yield { line, what: problem };
  if (cells.length !== columns.length) {
    yield { line, what: `the header has ${columns.length} columns, this row ${cells.length}` };
    return;
  }
  const cellOf = (column: ListColumn): string => cells[columns.indexOf(column)]?.trim() ?? '';
  const problems: ListProblem[] = [];
  function read<T>(column: ListColumn, reader: (cell: string) => T | Wrong): T | undefined {
    const value = reader(cellOf(column));
    if (!(value instanceof Wrong)) return value;
    problems.push({ line, column, what: value.what });
    return undefined;
  }

  const piece = {
    line,
    reference: read('reference', readReference),
    serviceId: read('service', readService),
    postage: read('postage', readPostage),
    destination: read('destination', readDestination),
    mailingDate: read('mailing date', readDate),
    addressee: read('addressee', readAddressee),
    weightMg: read('weight', readWeight),
    zone: read('zone', readZone),
    extras: read('extras', readExtras),
  };
  if (problems.length > 0) yield* problems;
  else yield piece as ListPiece;
}
