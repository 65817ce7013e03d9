/** One entry of a list: an address with what is to be mailed there, as a row of a file gives it (requirements.md F5, C6). */

import type { Mills } from '#protocol/mills';
import {
  readDate,
  readExtras,
  readPostage,
  readReference,
  readService,
  readWeight,
  readZone,
  shown,
  Wrong,
} from '../batch/list-cells.ts';
import { type Letter, weightOf } from '../weight.ts';
import {
  type Address,
  addressFields,
  addressProblems,
  emptyAddress,
  hostileParts,
} from './address.ts';
import { takeApart } from './address-lines.ts';
import { cleanse } from './cleanse.ts';
import { countryOf } from './country.ts';
import type { ListField, Mapping } from './mapping.ts';
import type { TableRow } from './table.ts';

/** What of a piece the list says; the rest is said when it is mailed. */
export interface EntryMail {
  readonly serviceId?: number | undefined;
  readonly weightMg?: number | undefined;
  readonly zone?: number | undefined;
  readonly extras?: readonly number[] | undefined;
  readonly postage?: Mills | undefined;
  readonly mailingDate?: number | undefined;
}

/** That somebody vouches for an address which is not in the standard form, or has something missing. */
export interface Override {
  readonly reason: string;
  /** Who said so, where users are known. */
  readonly by: string;
  readonly atMs: number;
}

export interface ListEntry {
  /** Unlike all others of its list. */
  readonly reference: string;
  readonly address: Address;
  readonly mail: EntryMail;
  readonly override?: Override | undefined;
}

export interface EntryProblem {
  readonly line: number;
  readonly field?: ListField | undefined;
  readonly what: string;
}

/** A row that was read. Where it is `wrong` it holds what cannot be taken at all. */
export type ReadEntry =
  | { readonly wrong: readonly EntryProblem[] }
  | { readonly entry: ListEntry; readonly doubts: readonly EntryProblem[] };

export interface EntryDefaults {
  /** Of addresses that name none. */
  readonly country: string;
  /** Of entries that have none, from the line of their row. */
  readonly referenceOf: (line: number) => string;
  /** Of what letters are made, where a row says how many sheets they have. */
  readonly paper?: Omit<Letter, 'sheets'> | undefined;
}

/** Reads a row by its mapping. */
export function readEntry(
  { line, cells, problem }: TableRow,
  mapping: Mapping,
  defaults: EntryDefaults,
): ReadEntry {
  if (problem !== undefined) return { wrong: [{ line, what: problem }] };
  const fields: Partial<Record<ListField, string>> = {};
  for (const [at, field] of mapping.entries())
    if (field !== undefined) fields[field] = (cells[at] ?? '').trim();
  const wrong: EntryProblem[] = [];
  const note = (field: ListField, what: string): void => {
    wrong.push({ line, field, what });
  };
  const address = addressIn(fields, defaults, note);
  for (const { field, what } of hostileParts(address)) note(field, what);
  const mail = mailIn(fields, defaults, note);
  const given = fields.reference ?? '';
  const reference = readReference(given === '' ? defaults.referenceOf(line) : given);
  if (reference instanceof Wrong) note('reference', reference.what);
  if (wrong.length > 0 || reference instanceof Wrong) return { wrong };
  const doubts = doubtsOf({ address }).map((doubt) => ({ line, ...doubt }));
  return { entry: { reference, address, mail }, doubts };
}

type Fields = Partial<Readonly<Record<ListField, string>>>;
type Note = (field: ListField, what: string) => void;

function addressIn(fields: Fields, { country }: EntryDefaults, note: Note): Address {
  const code = countryIn(fields.country ?? '', country, note);
  const { givenName = '', familyName = '', postBox = '', address: whole = '' } = fields;
  if (whole !== '' && (fields.street ?? '') === '') {
    const apart = takeApart(linesIn(whole, fields.name), code);
    if (apart !== undefined) return apart;
    note('address', `${shown(whole)} cannot be taken apart: give its parts in columns`);
  }
  const parts = Object.fromEntries(
    addressFields.map((field) => [field, (fields[field] ?? '').replaceAll(/\s*\n\s*/g, ', ')]),
  ) as Record<keyof Address, string>;
  const name = parts.name === '' ? `${givenName} ${familyName}`.trim() : parts.name;
  const street = parts.street === '' && postBox !== '' ? `PO Box ${postBox}` : parts.street;
  return { ...emptyAddress, ...parts, name, street, country: code };
}

function linesIn(whole: string, name = ''): readonly string[] {
  const lines = whole.split(/\||\r\n|\r|\n/);
  return name === '' ? lines : [name, ...lines];
}

function countryIn(text: string, country: string, note: Note): string {
  if (text === '') return country;
  const code = countryOf(text);
  if (code === undefined) note('country', `${shown(text)} is no country`);
  return code ?? country;
}

function mailIn(fields: Fields, { paper }: EntryDefaults, note: Note): EntryMail {
  function read<T>(field: ListField, reader: (cell: string) => T | Wrong): T | undefined {
    const cell = fields[field] ?? '';
    if (cell === '') return undefined;
    const value = reader(cell);
    if (!(value instanceof Wrong)) return value;
    note(field, value.what);
    return undefined;
  }
  const sheets = read('sheets', readSheets);
  const weightMg = read('weight', readWeight);
  if (sheets !== undefined && weightMg !== undefined)
    note('sheets', 'a weight is given as well: give one of them');
  return {
    serviceId: read('service', readService),
    weightMg: sheets === undefined ? weightMg : weightOf({ ...paper, sheets }),
    zone: read('zone', readZone),
    extras: read('extras', readExtras),
    postage: read('postage', readPostage),
    mailingDate: read('mailingDate', readDate),
  };
}

function readSheets(cell: string): number | Wrong {
  return /^\d{1,4}$/.test(cell) ? Number(cell) : new Wrong(`${shown(cell)} is no number of sheets`);
}

/** What is wrong with an entry in its standard form; nothing of one that somebody vouched for. */
export function doubtsOf({ address, override }: Pick<ListEntry, 'address' | 'override'>) {
  return override === undefined ? addressProblems(cleanse(address).address) : [];
}
