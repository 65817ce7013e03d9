/**
 * Contacts as address books write them: vCard 2.1, 3.0 and 4.0 (RFC 6350), of which name, organisation and postal address
 * are taken (requirements.md F5). Line by line: memory is that of one card.
 */

import { type Table, type TableRow, tableLimits } from './table.ts';

const vcardColumns = [
  'uid',
  'name',
  'organization',
  'pobox',
  'extended',
  'street',
  'city',
  'region',
  'postal code',
  'country',
] as const;
type Column = (typeof vcardColumns)[number];

export function vcardTable(source: AsyncIterable<string>, encoding: string): Table {
  return { format: 'vcard', encoding, columns: vcardColumns, rows: cardsIn(linesIn(source)) };
}

interface Line {
  readonly line: number;
  readonly text: string;
  readonly isTooLong: boolean;
}

/** Lines as they were before they were folded. */
async function* linesIn(source: AsyncIterable<string>): AsyncGenerator<Line> {
  let number = 0;
  let open: { line: number; text: string; isTooLong: boolean } | undefined;
  for await (const text of splitLines(source)) {
    number += 1;
    const isMore = /^[ \t]/.test(text) || (open !== undefined && isSoftBreak(open.text));
    if (isMore && open !== undefined) {
      const isSoft = isSoftBreak(open.text);
      const before: string = isSoft ? open.text.slice(0, -1) : open.text;
      const joined = before + (isSoft ? text : text.slice(1));
      open.isTooLong ||= joined.length > tableLimits.rowSize;
      open.text = joined.slice(0, tableLimits.rowSize);
      continue;
    }
    if (open !== undefined) yield open;
    open = { line: number, text, isTooLong: false };
  }
  if (open !== undefined) yield open;
}

/** vCard 2.1 breaks lines of quoted-printable with an equals sign. */
const isSoftBreak = (text: string): boolean =>
  text.endsWith('=') && /^[^:]*QUOTED-PRINTABLE/i.test(text);

async function* splitLines(source: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of source) {
    const lines = (rest + chunk).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > tableLimits.rowSize) rest = rest.slice(0, tableLimits.rowSize + 1); // told as too long
  }
  if (rest !== '') yield rest;
}

interface Card {
  readonly line: number;
  readonly cells: Map<Column, string>;
  /** Of the address that was taken: a preferred one goes before others. */
  rank: number;
  problem: string | undefined;
}

async function* cardsIn(lines: AsyncIterable<Line>): AsyncGenerator<TableRow> {
  let card: Card | undefined;
  for await (const { line, text, isTooLong } of lines) {
    if (/^BEGIN:VCARD\s*$/i.test(text)) {
      if (card !== undefined) yield rowOf({ ...card, problem: NEVER_ENDED });
      card = { line, cells: new Map(), rank: 0, problem: undefined };
    } else if (/^END:VCARD\s*$/i.test(text)) {
      if (card !== undefined) yield rowOf(card);
      card = undefined;
    } else if (card !== undefined && isTooLong)
      card.problem ??= `line ${line} has more than ${tableLimits.rowSize} characters`;
    else if (card !== undefined) take(card, text);
  }
  if (card !== undefined) yield rowOf({ ...card, problem: NEVER_ENDED });
}

const NEVER_ENDED = 'the card is never ended';

function rowOf({ line, cells, problem }: Card): TableRow {
  const texts = vcardColumns.map((column) => cells.get(column) ?? '');
  const isLong = texts.some((text) => text.length > tableLimits.cellSize);
  const long = isLong ? `a field has more than ${tableLimits.cellSize} characters` : undefined;
  return { line, cells: texts, problem: problem ?? long };
}

/** Takes one property: `item1.ADR;TYPE=home;PREF=1:…`. Those that are of no use here are passed by. */
function take(card: Card, text: string): void {
  const match = /^(?:[\w-]+\.)?([\w-]+)((?:;(?:[^":;]|"[^"]*")*)*):(.*)$/su.exec(text);
  if (match === null) return;
  const [, name = '', parameters = '', raw = ''] = match;
  const value = /QUOTED-PRINTABLE/i.test(parameters) ? unquoted(raw, parameters) : raw;
  switch (name.toUpperCase()) {
    case 'UID':
      card.cells.set('uid', plain(value).replace(/^urn:uuid:/i, ''));
      break;
    case 'FN':
      card.cells.set('name', plain(value));
      break;
    case 'N':
      if (!card.cells.has('name')) card.cells.set('name', nameOf(value));
      break;
    case 'ORG':
      card.cells.set('organization', parts(value, ';').filter(Boolean).join(', '));
      break;
    case 'ADR':
      takeAddress(card, parameters, value);
      break;
  }
}

/** Family, given, more, prefix, suffix. */
function nameOf(value: string): string {
  const [family = '', given = '', more = '', prefix = '', suffix = ''] = parts(value, ';');
  return [prefix, given, more, family, suffix].filter(Boolean).join(' ');
}

const addressColumns = vcardColumns.slice(3) as readonly Column[];

function takeAddress(card: Card, parameters: string, value: string): void {
  const preferred = /;(?:TYPE=[^;]*)?PREF(?:=(\d+))?/i.exec(parameters);
  const rank = preferred === null ? 1 : 200 - Number(preferred[1] ?? 1);
  if (rank <= card.rank) return;
  card.rank = rank;
  const fields = parts(value, ';');
  for (const [at, column] of addressColumns.entries())
    card.cells.set(column, (fields[at] ?? '').replaceAll(/\s*\n\s*/g, ', '));
}

/** Cut where the separator is not escaped, then without escapes. */
function parts(value: string, separator: ';'): string[] {
  const found: string[] = [''];
  for (let at = 0; at < value.length; at++) {
    const character = value.charAt(at);
    if (character === separator) found.push('');
    else if (character === '\\') {
      at += 1;
      found[found.length - 1] += unescaped(value.charAt(at));
    } else found[found.length - 1] += character;
  }
  return found.map((part) => part.trim());
}

const unescaped = (character: string): string => (/n/i.test(character) ? '\n' : character);
const plain = (value: string): string =>
  value.replaceAll(/\\(.)/gs, (_, character: string) => unescaped(character)).trim();

/** Quoted-printable of vCard 2.1, in the character set that it names. */
function unquoted(value: string, parameters: string): string {
  const [, name = 'utf-8'] = /CHARSET="?([\w-]+)/i.exec(parameters) ?? [];
  const bytes: number[] = [];
  for (let at = 0; at < value.length; at++) {
    const code = /^=([\dA-F]{2})/i.exec(value.slice(at, at + 3))?.[1];
    if (code === undefined) bytes.push(...Buffer.from(value.charAt(at)));
    else bytes.push(Number.parseInt(code, 16));
    if (code !== undefined) at += 2;
  }
  return decoderOf(name).decode(Uint8Array.from(bytes));
}

function decoderOf(name: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(name);
  } catch {
    return new TextDecoder(); // letters that it cannot tell are shown as such, and are refused behind
  }
}
