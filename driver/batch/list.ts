/**
 * A mailing list: what each row of it asks for, and what is wrong with a row, before anything is charged
 * (requirements.md C4).
 */

import { isDate } from '#protocol/documents/date';
import { type Mills, parseMills } from '#protocol/mills';
import { CsvEncodingError, type CsvRow, readCsv } from './csv.ts';

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

const REFERENCE_SIZE_MAX = 64;
const ADDRESSEE_LINES_MAX = 8;
const SERVICE_MAX = 0xffff;
/** A request has 24 bits for it. */
const POSTAGE_MAX = 0xff_ffff;
const ZONE_MAX = 0xff;
const EXTRAS_MAX = 0xff;
/** 32 bits of milligrams. */
const WEIGHT_GRAMS_MAX = 4_294_967;

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

/** A cell in a message: short, and without what a terminal would obey. */
function shown(cell: string): string {
  const text = cell.length > 40 ? `${cell.slice(0, 40)}…` : cell;
  return `"${text.replace(/\p{C}/gu, '?')}"`;
}

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

/** What is wrong with a cell. */
class Wrong {
  readonly what: string;

  constructor(what: string) {
    this.what = what;
  }
}

/** Manifests name pieces by it, and a spreadsheet takes what begins so for a formula. */
const FORMULA_START = /^[=+\-@]/;

function readReference(cell: string): string | Wrong {
  if (cell === '') return new Wrong('is empty');
  if (cell.length > REFERENCE_SIZE_MAX)
    return new Wrong(`has more than ${REFERENCE_SIZE_MAX} characters`);
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(cell)) return new Wrong('holds a control character');
  if (FORMULA_START.test(cell))
    return new Wrong(`${shown(cell)} begins like a formula of a spreadsheet`);
  return cell.normalize('NFC');
}

function readService(cell: string): number | Wrong {
  const value = /^\d{1,5}$/.test(cell) ? Number(cell) : Number.NaN;
  return value <= SERVICE_MAX
    ? value
    : new Wrong(`${shown(cell)} is no service: a whole number from 0 to ${SERVICE_MAX} is`);
}

function readExtras(cell: string): readonly number[] | Wrong {
  const parts = cell.split(/[|;\s]+/).filter((part) => part !== '');
  const services = parts.map(readService);
  const wrong = services.find((service) => service instanceof Wrong);
  if (wrong !== undefined) return wrong as Wrong;
  return services.length <= EXTRAS_MAX
    ? (services as readonly number[])
    : new Wrong(`names more than ${EXTRAS_MAX} services`);
}

function readZone(cell: string): number | Wrong {
  if (cell === '') return 0;
  const value = /^\d{1,3}$/.test(cell) ? Number(cell) : Number.NaN;
  return value <= ZONE_MAX
    ? value
    : new Wrong(`${shown(cell)} is no zone: a whole number from 0 to ${ZONE_MAX} is`);
}

/** Grams, as milligrams. */
function readWeight(cell: string): number | Wrong {
  if (cell === '') return 0;
  const match = /^(\d{1,7})(?:\.(\d{1,3}))?$/.exec(cell);
  const [, grams = '', fraction = ''] = match ?? [];
  return match !== null && Number(grams) < WEIGHT_GRAMS_MAX
    ? Number(grams) * 1_000 + Number(fraction.padEnd(3, '0'))
    : new Wrong(`${shown(cell)} is no weight in grams, with three decimals at most, as 28.35`);
}

function readPostage(cell: string): Mills | undefined | Wrong {
  if (cell === '') return undefined;
  const value = parseMills(cell);
  return value === undefined || value === 0 || value > POSTAGE_MAX
    ? new Wrong(
        `${shown(cell)} is no amount above 0, below 16,777, with three decimals at most, as 0.78`,
      )
    : value;
}

function readDestination(cell: string): number | Wrong {
  if (cell === '') return 0;
  const digits = cell.replace('-', '');
  return /^(\d{5}|\d{9}|\d{11})$/.test(digits)
    ? Number(digits)
    : new Wrong(`${shown(cell)} is no ZIP, ZIP+4 or ZIP+4 with delivery point`);
}

function readDate(cell: string): number | undefined | Wrong {
  if (cell === '') return undefined;
  const digits = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(cell)?.slice(1).join('') ?? '';
  return isDate(Number(digits))
    ? Number(digits)
    : new Wrong(`${shown(cell)} is no date as 20260131 or 2026-01-31`);
}

function readAddressee(cell: string): readonly string[] | Wrong {
  if (cell === '') return [];
  const lines = cell.split(/\||\r\n|\r|\n/).map((line) => line.trim());
  if (lines.length > ADDRESSEE_LINES_MAX)
    return new Wrong(`has more than ${ADDRESSEE_LINES_MAX} lines`);
  if (lines.some((line) => /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(line)))
    return new Wrong('holds a control character');
  return lines;
}
