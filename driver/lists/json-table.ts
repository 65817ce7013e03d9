/**
 * Addresses in JSON: an array of objects, or one object after the other as in NDJSON (requirements.md F5). Each is cut out
 * of the text first and parsed alone, so that memory is that of one object, whatever the file holds.
 */

import { type Table, TableError, type TableRow, tableLimits } from './table.ts';

/** Columns are the names in the first object; those within another one stand behind a dot, as `address.city`. */
export async function jsonTable(source: AsyncIterable<string>, encoding: string): Promise<Table> {
  const objects = objectsIn(source);
  const first = await objects.next();
  if (first.done === true)
    throw new TableError('The file holds no objects', 'Give an array of objects, or one a line.');
  const columns = [...cellsOf(first.value).keys()];
  if (columns.length === 0)
    throw new TableError('The first object has no fields', 'Let it name every column.');
  return { format: 'json', encoding, columns, rows: rowsOf(first.value, objects, columns) };
}

interface Found {
  readonly line: number;
  /** Undefined where the text is none. */
  readonly value: unknown;
  readonly problem?: string | undefined;
}

async function* rowsOf(
  first: Found,
  rest: AsyncIterable<Found>,
  columns: readonly string[],
): AsyncGenerator<TableRow> {
  yield rowOf(first, columns);
  for await (const found of rest) yield rowOf(found, columns);
}

function rowOf(found: Found, columns: readonly string[]): TableRow {
  const { line, value } = found;
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const problem = found.problem ?? (isObject ? undefined : 'this is no object');
  if (problem !== undefined) return { line, cells: [], problem };
  const cells = cellsOf(found);
  const other = [...cells.keys()].find((name) => !columns.includes(name));
  const isLong = [...cells.values()].some((cell) => cell.length > tableLimits.cellSize);
  const objection =
    other !== undefined
      ? `the first object has no field ${JSON.stringify(other.slice(0, 40))}`
      : isLong
        ? `a field has more than ${tableLimits.cellSize} characters`
        : undefined;
  return { line, cells: columns.map((name) => cells.get(name) ?? ''), problem: objection };
}

/** Fields by their path. Lists of texts become lines. */
function cellsOf({ value }: Found): Map<string, string> {
  const cells = new Map<string, string>();
  function take(inner: unknown, path: string, depth: number): void {
    if (cells.size > tableLimits.columns || depth > DEPTH_MAX) return;
    if (Array.isArray(inner)) cells.set(path, inner.map(textOf).join('\n'));
    else if (typeof inner === 'object' && inner !== null)
      for (const [name, each] of Object.entries(inner))
        take(each, path === '' ? name : `${path}.${name}`, depth + 1);
    else if (path !== '') cells.set(path, textOf(inner));
  }
  take(value, '', 0);
  return cells;
}

const DEPTH_MAX = 4;

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';

/** Where in the text the cutter is. */
interface Cutter {
  line: number;
  depth: number;
  isInText: boolean;
  isEscaped: boolean;
  /** What there is of the object at hand. */
  object: string;
  isTooLong: boolean;
  beginsAt: number;
}

/** Objects of the outermost level, cut at their braces. */
async function* objectsIn(source: AsyncIterable<string>): AsyncGenerator<Found> {
  const at: Cutter = {
    line: 1,
    depth: 0,
    isInText: false,
    isEscaped: false,
    object: '',
    isTooLong: false,
    beginsAt: 1,
  };
  for await (const text of source)
    for (const character of text) if (isEnd(at, character)) yield found(at);
  if (at.depth > 0)
    yield { line: at.beginsAt, value: undefined, problem: 'an object is opened and never closed' };
}

/** Takes one character. @returns whether an object ends with it */
function isEnd(at: Cutter, character: string): boolean {
  if (character === '\n') at.line += 1;
  if (at.depth === 0) return isOutside(at, character);
  if (at.object.length < tableLimits.rowSize) at.object += character;
  else at.isTooLong = true;
  if (at.isInText) {
    if (at.isEscaped) at.isEscaped = false;
    else if (character === '\\') at.isEscaped = true;
    else if (character === '"') at.isInText = false;
    return false;
  }
  if (character === '"') at.isInText = true;
  else if (character === '{') at.depth += 1;
  else if (character === '}') at.depth -= 1;
  return at.depth === 0;
}

function isOutside(at: Cutter, character: string): false {
  if (character === '{') {
    at.depth = 1;
    at.object = character;
    at.isTooLong = false;
    at.beginsAt = at.line;
  } else if (!/[\s,[\]\ufeff]/.test(character))
    throw new TableError(
      `Line ${at.line} holds something else than objects`,
      'Give an array of objects, or one a line.',
    );
  return false;
}

function found({ beginsAt: line, object, isTooLong }: Cutter): Found {
  if (isTooLong)
    return {
      line,
      value: undefined,
      problem: `an object has more than ${tableLimits.rowSize} characters`,
    };
  try {
    return { line, value: JSON.parse(object) };
  } catch {
    return { line, value: undefined, problem: 'this is no JSON' };
  }
}
