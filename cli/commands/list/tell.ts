/** `tessera list all | show | duplicates | export`: what is in a saved list (requirements.md F5). */

import { open } from 'node:fs/promises';
import { addressLines } from '#driver/lists/address';
import { doubtsOf } from '#driver/lists/entry';
import { listCsv } from '#driver/lists/list-csv';
import type { ListStore, StoredEntry } from '#driver/lists/list-store';
import { momentText } from '../../condition-text.ts';
import { Failure } from '../../failure.ts';
import type { Home } from '../../home.ts';
import type { Output } from '../../output.ts';
import { countryNamed } from './import.ts';
import { neededList, openLists } from './store.ts';

export async function tellLists(home: Home, output: Output): Promise<number> {
  using lists = openLists(home);
  const all = lists.lists();
  for (const list of all) {
    const { name, createdMs, entries, doubtful, duplicates } = list;
    output.say(
      'list',
      { ...list },
      `${name}  ${entries} entries, ${doubtful} doubtful, ${duplicates} duplicates, since ${momentText(createdMs)}`,
    );
  }
  if (all.length === 0)
    output.say('noLists', {}, 'no list is saved: tessera list import NAME FILE');
  return 0;
}

export async function tellEntries(
  name: string,
  { find, doubtful }: { readonly find?: string; readonly doubtful?: boolean },
  home: Home,
  output: Output,
): Promise<number> {
  using lists = openLists(home);
  neededList(lists, name);
  for (const entry of lists.entries(name)) {
    const isFound = find === undefined || holds(entry, find);
    if (isFound && (doubtful !== true || doubtsOf(entry).length > 0)) tellEntry(entry, output);
  }
  return 0;
}

const holds = ({ reference, address }: StoredEntry, text: string): boolean =>
  [reference, ...Object.values(address)].some((part) =>
    part.toLowerCase().includes(text.toLowerCase()),
  );

export function tellEntry(entry: StoredEntry, output: Output): void {
  const { reference, address, mail, override } = entry;
  const doubts = doubtsOf(entry);
  const lines = addressLines(address);
  const vouched = override === undefined ? '' : `  as it is: ${override.reason} (${override.by})`;
  output.say(
    'entry',
    { reference, ...address, ...mail, lines, doubts, override },
    [
      `${reference}  ${lines.join(' / ')}${vouched}`,
      ...doubts.map(({ field, what }) => `    ${field} ${what}`),
    ].join('\n'),
  );
}

export async function tellDuplicates(
  name: string,
  { remove }: { readonly remove?: boolean },
  home: Home,
  output: Output,
): Promise<number> {
  using lists = openLists(home);
  neededList(lists, name);
  let count = 0;
  for (const { reference, of } of lists.duplicates(name)) {
    count += 1;
    output.say('duplicate', { reference, of }, `${reference} is the same as ${of}`);
    if (remove === true) lists.remove(name, reference);
  }
  const done = remove === true ? 'removed' : 'found';
  output.say('duplicates', { count, isRemoved: remove === true }, `${count} duplicates ${done}`);
  return 0;
}

export interface ExportOptions {
  readonly out?: string;
  readonly service?: number;
  readonly weight?: number;
  readonly origin: string;
  readonly skipDoubtful?: boolean;
}

export async function exportList(
  name: string,
  options: ExportOptions,
  home: Home,
  output: Output,
): Promise<number> {
  using lists = openLists(home);
  const rows = batchRows(lists, name, options);
  if (options.out === undefined) {
    for (const row of rows) output.say('row', { row: row.trimEnd() }, row.trimEnd());
    return 0;
  }
  await using file = await open(options.out, 'wx', 0o600);
  for (const row of rows) await file.appendFile(row);
  output.say('exported', { list: name, file: options.out }, `${name} in ${options.out}`);
  return 0;
}

/** @throws Failure where entries need a look, and are not to be left out */
export function batchRows(
  lists: ListStore,
  name: string,
  { service, weight, origin, skipDoubtful }: Omit<ExportOptions, 'out'>,
): Generator<string> {
  neededList(lists, name);
  const { doubtful = 0 } = lists.list(name) ?? {};
  if (doubtful > 0 && skipDoubtful !== true)
    throw new Failure(
      'listDoubtful',
      `${doubtful} entries of ${name} need a look before they are mailed.`,
      `See tessera list show ${name} --doubtful; then list edit or list override them, or --skip-doubtful.`,
    );
  const mail = { serviceId: service, weightMg: weight };
  return listCsv(mailable(lists, name), { mail, origin: countryNamed(origin) });
}

function* mailable(lists: ListStore, name: string): Generator<StoredEntry> {
  for (const entry of lists.entries(name)) if (doubtsOf(entry).length === 0) yield entry;
}
