/**
 * The first sheet of a workbook (Office Open XML), row by row (requirements.md F5): what its cells show, never a formula.
 *
 * A sheet streams out of its ZIP archive through a parser that knows no entities but those of XML. Texts that a workbook
 * shares between cells stand in a part of their own and are held in memory, up to a limit.
 */

import type { Readable } from 'node:stream';
import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { type Table, TableError, type TableRow, tableLimits } from './table.ts';
import { openArchive, type ZipArchive } from './zip.ts';

const SHARED_TEXT_MAX = 64_000_000;
const UNREADABLE = 'This is no workbook that can be read';
const SAVE_AS_CSV = 'Save the sheet as CSV in UTF-8.';

/** @param sheet its name; the first one unless given @throws TableError */
export async function xlsxTable(path: string, sheet?: string): Promise<Table> {
  const archive = await openArchive(path);
  try {
    const part = await sheetPart(archive, sheet);
    const shared = await sharedTexts(archive);
    const rows = sheetRows(archive, part, shared);
    const first = await rows.next();
    if (first.done === true || first.value.problem !== undefined)
      throw new TableError('The sheet has no first row with names of columns', SAVE_AS_CSV);
    const columns = first.value.cells.map((cell) => cell.trim());
    return { format: 'xlsx', columns, rows: fitted(rows, columns.length, archive) };
  } catch (error) {
    archive.close();
    throw error;
  }
}

/** Rows as wide as the first; blank ones are left out. */
async function* fitted(
  rows: AsyncIterable<TableRow>,
  width: number,
  archive: ZipArchive,
): AsyncGenerator<TableRow> {
  try {
    for await (const { line, cells, problem } of rows) {
      const isWide = cells.slice(width).some((cell) => cell !== '');
      const wide = `the header has ${width} columns, this row ${cells.length}`;
      if (problem !== undefined || cells.some((cell) => cell.trim() !== ''))
        yield { line, cells, problem: problem ?? (isWide ? wide : undefined) };
    }
  } finally {
    archive.close();
  }
}

/** What a part of the workbook says, tag by tag. */
interface Heard {
  readonly open?: (tag: SaxesTagPlain) => void;
  readonly close?: (name: string) => void;
  readonly text?: (text: string) => void;
}

/** Hands a part on chunk by chunk. @throws TableError where it is no XML */
async function* parse(stream: Readable, heard: Heard): AsyncGenerator<void> {
  const parser = new SaxesParser();
  const local = (name: string): string => name.slice(name.indexOf(':') + 1);
  let failure: Error | undefined;
  parser.on('error', (error) => {
    failure ??= error;
  });
  parser.on('doctype', () => {
    failure ??= new Error('a document type is declared');
  });
  parser.on('opentag', (tag) => heard.open?.({ ...tag, name: local(tag.name) }));
  parser.on('closetag', ({ name }) => heard.close?.(local(name)));
  parser.on('text', (text) => heard.text?.(text));
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of stream) {
      parser.write(decoder.decode(chunk as Uint8Array, { stream: true }));
      if (failure !== undefined) throw failure;
      yield;
    }
    parser.close();
    if (failure !== undefined) throw failure;
  } catch (cause) {
    if (cause instanceof TableError) throw cause;
    throw new TableError(UNREADABLE, SAVE_AS_CSV, cause);
  }
}

async function parseAll(stream: Readable, heard: Heard): Promise<void> {
  for await (const _ of parse(stream, heard)); // all at once
}

/** The part of a sheet, by the workbook's own table. */
async function sheetPart(archive: ZipArchive, wanted: string | undefined): Promise<string> {
  const sheets: { name: string; id: string }[] = [];
  const targets = new Map<string, string>();
  await parseAll(await archive.read('xl/workbook.xml'), {
    open({ name, attributes }) {
      if (name !== 'sheet') return;
      const id = Object.entries(attributes).find(([key]) => key.endsWith(':id'))?.[1] ?? '';
      sheets.push({ name: attributes['name'] ?? '', id });
    },
  });
  await parseAll(await archive.read('xl/_rels/workbook.xml.rels'), {
    open({ name, attributes }) {
      if (name === 'Relationship') targets.set(attributes['Id'] ?? '', attributes['Target'] ?? '');
    },
  });
  const found = wanted === undefined ? sheets[0] : sheets.find(({ name }) => name === wanted);
  if (found === undefined) {
    const names = sheets.map(({ name }) => name).join(', ');
    throw new TableError(`There is no sheet ${wanted ?? ''}`, `Take one of: ${names}.`);
  }
  const target = targets.get(found.id) ?? '';
  return target.startsWith('/') ? target.slice(1) : `xl/${target}`;
}

async function sharedTexts(archive: ZipArchive): Promise<readonly string[]> {
  const texts: string[] = [];
  if (!archive.has('xl/sharedStrings.xml')) return texts;
  let [text, size] = ['', 0];
  let isText = false;
  let phonetic = 0;
  await parseAll(await archive.read('xl/sharedStrings.xml'), {
    open({ name }) {
      if (name === 'si') text = '';
      if (name === 'rPh') phonetic += 1;
      isText = name === 't' && phonetic === 0;
    },
    text(part) {
      if (isText && text.length <= tableLimits.cellSize) text += part;
    },
    close(name) {
      isText = false;
      if (name === 'rPh') phonetic -= 1;
      if (name !== 'si') return;
      texts.push(text.slice(0, tableLimits.cellSize + 1)); // one more tells that it is too long
      size += text.length;
      if (size > SHARED_TEXT_MAX)
        throw new TableError('The workbook shares more text than is read', SAVE_AS_CSV);
    },
  });
  return texts;
}

/** The sheet row by row; what a chunk completes is handed on before the next one is read. */
async function* sheetRows(
  archive: ZipArchive,
  part: string,
  shared: readonly string[],
): AsyncGenerator<TableRow> {
  const ready: TableRow[] = [];
  const reader = new SheetReader(shared, ready);
  for await (const _ of parse(await archive.read(part), reader)) yield* ready.splice(0);
  yield* ready.splice(0);
}

/** What the tags of a sheet say of one row after the other. */
class SheetReader implements Heard {
  readonly #shared: readonly string[];
  readonly #ready: TableRow[];
  #line = 0;
  #cells: string[] = [];
  #problem: string | undefined;
  #column = 0;
  #kind = '';
  #text = '';
  #isValue = false;

  constructor(shared: readonly string[], ready: TableRow[]) {
    this.#shared = shared;
    this.#ready = ready;
  }

  readonly open = ({ name, attributes }: SaxesTagPlain): void => {
    switch (name) {
      case 'row':
        this.#line = Number(attributes['r'] ?? this.#line + 1);
        this.#cells = [];
        this.#problem = undefined;
        this.#column = 0;
        break;
      case 'c':
        this.#column = columnOf(attributes['r']) ?? this.#column + 1;
        this.#kind = attributes['t'] ?? 'n';
        this.#text = '';
        break;
      case 'v':
      case 't':
        this.#isValue = true;
        break;
    }
  };

  readonly text = (text: string): void => {
    if (this.#isValue && this.#text.length <= tableLimits.cellSize) this.#text += text;
  };

  readonly close = (name: string): void => {
    this.#isValue = false;
    if (name === 'c') this.#endCell();
    if (name === 'row')
      this.#ready.push({ line: this.#line, cells: this.#cells, problem: this.#problem });
  };

  #endCell(): void {
    const text = this.#shown();
    if (text === '') return;
    if (this.#column > tableLimits.columns) {
      this.#problem ??= `there are more than ${tableLimits.columns} cells`;
      return;
    }
    if (text.length > tableLimits.cellSize)
      this.#problem ??= `a cell has more than ${tableLimits.cellSize} characters`;
    while (this.#cells.length < this.#column) this.#cells.push('');
    this.#cells[this.#column - 1] = text;
  }

  #shown(): string {
    switch (this.#kind) {
      case 's':
        return this.#shared[Number(this.#text)] ?? '';
      case 'b':
        return this.#text === '1' ? 'true' : 'false';
      case 'e':
        this.#problem ??= `a cell shows the error ${this.#text.slice(0, 20)}`;
        return '';
      default:
        return this.#text;
    }
  }
}

/** `C7` is in the third column. */
function columnOf(place: string | undefined): number | undefined {
  const letters = /^([A-Z]{1,3})\d+$/.exec(place ?? '')?.[1];
  if (letters === undefined) return undefined;
  return [...letters].reduce((column, letter) => column * 26 + letter.charCodeAt(0) - 64, 0);
}
