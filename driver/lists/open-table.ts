/** Opens a file of addresses by what it holds, not by its name (requirements.md F5). */

import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { CsvEncodingError, type CsvRow, readCsv } from '../batch/csv.ts';
import { checkedEncoding, detectEncoding, SAMPLE_SIZE } from './encoding.ts';
import { jsonTable } from './json-table.ts';
import { type Table, TableError, type TableFormat, type TableRow } from './table.ts';
import { vcardTable } from './vcard-table.ts';
import { xlsxTable } from './xlsx-table.ts';

export interface OpenTableOptions {
  /** Where they are not to be found out. */
  readonly format?: TableFormat | undefined;
  readonly encoding?: string | undefined;
  /** Between the cells of a CSV file. */
  readonly separator?: string | undefined;
  /** Name of a sheet; the first one unless given. */
  readonly sheet?: string | undefined;
}

/** @throws TableError · what the file system throws */
export async function openTable(path: string, options: OpenTableOptions = {}): Promise<Table> {
  const table = await tableIn(path, options);
  return { ...table, columns: table.columns.map((name) => name.replaceAll(/\p{C}/gu, '?')) };
}

async function tableIn(path: string, options: OpenTableOptions): Promise<Table> {
  const sample = await sampleOf(path);
  if (sample.length === 0)
    throw new TableError(`${path} is empty`, 'Name the file that holds the addresses.');
  const format = options.format ?? formatOf(sample, options);
  if (format === 'xlsx') return await xlsxTable(path, options.sheet);
  const encoding =
    options.encoding === undefined ? detectEncoding(sample) : checkedEncoding(options.encoding);
  switch (format) {
    case 'vcard':
      return vcardTable(textOf(path, encoding), encoding);
    case 'json':
      return await jsonTable(textOf(path, encoding), encoding);
    case 'csv':
      return await csvTable(path, encoding, options.separator ?? separatorOf(sample, encoding));
  }
}

async function sampleOf(path: string): Promise<Uint8Array> {
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read(new Uint8Array(SAMPLE_SIZE), 0, SAMPLE_SIZE, 0);
  return buffer.subarray(0, bytesRead);
}

function formatOf(sample: Uint8Array, { encoding }: OpenTableOptions): TableFormat {
  if (sample[0] === 0x50 && sample[1] === 0x4b) return 'xlsx';
  if (sample[0] === 0xd0 && sample[1] === 0xcf)
    throw new TableError('This is a workbook of the old binary kind', 'Save it as XLSX or CSV.');
  const start = startOf(sample, encoding ?? detectEncoding(sample)).trimStart();
  if (/^BEGIN:VCARD/i.test(start)) return 'vcard';
  return start.startsWith('[') || start.startsWith('{') ? 'json' : 'csv';
}

const startOf = (sample: Uint8Array, encoding: string): string =>
  new TextDecoder(checkedEncoding(encoding)).decode(sample, { stream: true });

const separators = [',', ';', '\t', '|'] as const;

/** The one that stands in the first row most often, outside of quotes. */
function separatorOf(sample: Uint8Array, encoding: string): string {
  const [first = ''] = startOf(sample, encoding)
    .trimStart()
    .split(/[\r\n]/, 1);
  const bare = first.replaceAll(/"[^"]*"/g, '');
  const countOf = (separator: string): number => bare.split(separator).length;
  return [...separators].sort((left, right) => countOf(right) - countOf(left))[0] as string;
}

/** Text piece by piece. @throws TableError where it is not in that encoding */
async function* textOf(path: string, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const decode = (chunk: Uint8Array, stream: boolean): string => {
    try {
      return decoder.decode(chunk, { stream });
    } catch (cause) {
      throw notThat(encoding, cause);
    }
  };
  for await (const chunk of createReadStream(path)) yield decode(chunk as Uint8Array, true);
  yield decode(new Uint8Array(0), false);
}

function notThat(encoding: string, cause: unknown): TableError {
  const where = cause instanceof CsvEncodingError ? `, line ${cause.line} or near it` : '';
  return new TableError(
    `Part of the file is not ${encoding.toUpperCase()}${where}`,
    'Say the right one with --encoding, or save it in UTF-8.',
    cause,
  );
}

async function csvTable(path: string, encoding: string, separator: string): Promise<Table> {
  if ([...separator].length !== 1 || /["\r\n]/.test(separator))
    throw new TableError(`${JSON.stringify(separator)} separates no cells`, 'Give one character.');
  const rows = readCsv(createReadStream(path), { encoding, separator });
  const header = await firstRow(rows, encoding);
  if (header.problem !== undefined)
    throw new TableError(`The first row names no columns: ${header.problem}`, HEADER_ADVICE);
  return {
    format: 'csv',
    encoding,
    columns: header.cells.map((cell) => cell.trim()),
    rows: sameWidth(rows, header.cells.length, encoding),
  };
}

const HEADER_ADVICE = 'Let the first row name the columns, in cells of at most 1,000 characters.';

async function firstRow(rows: AsyncGenerator<CsvRow>, encoding: string): Promise<CsvRow> {
  try {
    const first = await rows.next();
    if (first.done !== true) return first.value;
  } catch (cause) {
    if (cause instanceof CsvEncodingError) throw notThat(encoding, cause);
    throw cause;
  }
  throw new TableError('The file holds nothing but blank lines', HEADER_ADVICE);
}

async function* sameWidth(
  rows: AsyncGenerator<CsvRow>,
  width: number,
  encoding: string,
): AsyncGenerator<TableRow> {
  try {
    for await (const { line, cells, problem } of rows) {
      const isWide = cells.slice(width).some((cell) => cell !== '');
      const wide = `the header has ${width} columns, this row ${cells.length}`;
      yield { line, cells, problem: problem ?? (isWide ? wide : undefined) };
    }
  } catch (cause) {
    if (cause instanceof CsvEncodingError) throw notThat(encoding, cause);
    throw cause;
  }
}
