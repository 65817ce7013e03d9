/**
 * Rows of a CSV file (RFC 4180) as they come in, in bounded memory whatever the file holds (requirements.md C4, F5).
 *
 * Strict where tolerance would change what a cell says: a quote inside a cell that was not begun with one, or text behind
 * the closing one, is a problem of that row. Any line end is taken: CRLF, LF, CR.
 */

/** Characters of one cell, at most. */
export const CELL_SIZE_MAX = 1_000;
const CELLS_MAX = 64;

export interface CsvRow {
  /** Of the line that the row begins on, counted from 1. */
  readonly line: number;
  readonly cells: readonly string[];
  /** What is wrong with it; its cells say nothing then. */
  readonly problem?: string | undefined;
}

/** How the file is written; with commas and in UTF-8 unless given. */
export interface CsvForm {
  /** One character. */
  readonly separator?: string | undefined;
  /** As the standard of encodings names it. */
  readonly encoding?: string | undefined;
}

/** The file is no text in its encoding; nothing behind this place can be read. */
export class CsvEncodingError extends Error {
  override readonly name = 'CsvEncodingError';
  readonly line: number;

  constructor(line: number, encoding: string) {
    const name = encoding.toUpperCase();
    super(`line ${line} or one near it is not ${name}: save the list as CSV in UTF-8`);
    this.line = line;
  }
}

/**
 * Reads one row after the other; nothing is read ahead but the chunk at hand. Rows without any content are left out.
 * @throws CsvEncodingError
 */
export async function* readCsv(
  source: AsyncIterable<Uint8Array>,
  { separator = ',', encoding = 'utf-8' }: CsvForm = {},
): AsyncGenerator<CsvRow> {
  const parser = new Parser(separator);
  const decoder = new TextDecoder(encoding, { fatal: true }); // takes a byte order mark away
  const decode = (chunk: Uint8Array, isLast: boolean): string => {
    try {
      return decoder.decode(chunk, { stream: !isLast });
    } catch {
      throw new CsvEncodingError(parser.line, encoding);
    }
  };
  for await (const chunk of source) yield* parser.push(decode(chunk, false));
  yield* parser.push(decode(new Uint8Array(0), true));
  yield* parser.end();
}

/** `start`: of a cell · `plain`, `quoted`: in one · `closed`: behind the closing quote, or between two. */
type Place = 'start' | 'plain' | 'quoted' | 'closed';

class Parser {
  line = 1;
  #place: Place = 'start';
  #cells: string[] = [];
  #cell = '';
  #beginsAt = 1;
  #problem: string | undefined;
  #endedByCr = false;
  readonly #separator: string;

  constructor(separator: string) {
    this.#separator = separator;
  }

  *push(text: string): Generator<CsvRow> {
    for (const character of text) {
      const isSecondHalf = this.#endedByCr && character === '\n';
      this.#endedByCr = character === '\r';
      if (isSecondHalf) {
        if (this.#place === 'quoted') this.#add(character);
        continue;
      }
      const isLineEnd = character === '\n' || character === '\r';
      if (isLineEnd) this.line += 1;
      if (isLineEnd && this.#place !== 'quoted') yield* this.#endRow();
      else this.#take(character);
    }
  }

  *end(): Generator<CsvRow> {
    if (this.#place === 'quoted') this.#problem = 'a quote is opened and never closed';
    yield* this.#endRow();
  }

  #take(character: string): void {
    switch (this.#place) {
      case 'start':
      case 'plain':
        if (character === this.#separator) this.#endCell();
        else if (character !== '"') this.#add(character, 'plain');
        else if (this.#place === 'start') this.#place = 'quoted';
        else this.#problem ??= 'a quote stands inside a cell that does not begin with one';
        return;
      case 'quoted':
        if (character === '"') this.#place = 'closed';
        else this.#add(character);
        return;
      case 'closed':
        if (character === this.#separator) this.#endCell();
        else if (character === '"') this.#add(character, 'quoted');
        else this.#problem ??= 'text stands behind a closing quote';
        return;
    }
  }

  #add(character: string, place: Place = this.#place): void {
    this.#place = place;
    if (this.#cell.length < CELL_SIZE_MAX) this.#cell += character;
    else this.#problem ??= `a cell has more than ${CELL_SIZE_MAX} characters`;
  }

  #endCell(): void {
    this.#place = 'start';
    if (this.#cells.length < CELLS_MAX) this.#cells.push(this.#cell);
    else this.#problem ??= `there are more than ${CELLS_MAX} cells`;
    this.#cell = '';
  }

  *#endRow(): Generator<CsvRow> {
    this.#endCell();
    const row = { line: this.#beginsAt, cells: this.#cells, problem: this.#problem };
    this.#beginsAt = this.line;
    this.#cells = [];
    this.#problem = undefined;
    const isBlank = row.problem === undefined && row.cells.every((cell) => cell.trim() === '');
    if (!isBlank) yield row;
  }
}
