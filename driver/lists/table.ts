/** A file of addresses as rows and columns, whatever it was written by (requirements.md F5). */

/** One row; cells stand in the order of the columns of its table. */
export interface TableRow {
  /** Where a person finds it: line of a text, row of a sheet, number of a card or object. */
  readonly line: number;
  readonly cells: readonly string[];
  /** What is wrong with it; its cells say nothing then. */
  readonly problem?: string | undefined;
}

export interface Table {
  readonly format: TableFormat;
  /** How its text is written, where that was asked. */
  readonly encoding?: string | undefined;
  readonly columns: readonly string[];
  /** Read once, one by one. */
  readonly rows: AsyncIterable<TableRow>;
}

export const tableFormats = ['csv', 'xlsx', 'vcard', 'json'] as const;
export type TableFormat = (typeof tableFormats)[number];

/** What all formats keep to, so that no file can take more memory than its largest row. */
export const tableLimits = {
  cellSize: 1_000,
  columns: 64,
  /** Characters of one object or card. */
  rowSize: 64_000,
} as const;

/** A file that is no table at all; rows that are not in order are told one by one instead. */
export class TableError extends Error {
  override readonly name = 'TableError';
  /** What is the matter. */
  readonly what: string;
  /** What to do, for a person. */
  readonly advice: string;

  constructor(what: string, advice: string, cause?: unknown) {
    super(`${what}. ${advice}`, cause === undefined ? {} : { cause });
    this.what = what;
    this.advice = advice;
  }
}
