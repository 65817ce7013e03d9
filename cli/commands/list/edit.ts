/** `tessera list add | edit | remove | cleanse | override`: what people change in a saved list (requirements.md F5). */

import { cleanse } from '#driver/lists/cleanse';
import { type ListEntry, readEntry } from '#driver/lists/entry';
import type { ListStore, StoredEntry } from '#driver/lists/list-store';
import { type ListField, listFields } from '#driver/lists/mapping';
import { formatMills } from '#protocol/mills';
import { Failure, UsageError } from '../../failure.ts';
import type { Home } from '../../home.ts';
import type { Output } from '../../output.ts';
import type { Assignments } from './import.ts';
import { neededEntry, neededList, openLists } from './store.ts';
import { tellEntry } from './tell.ts';

export interface SetOptions {
  readonly set: Assignments;
}

export async function addEntry(
  name: string,
  reference: string,
  { set }: SetOptions,
  home: Home,
  output: Output,
): Promise<number> {
  using lists = openLists(home);
  neededList(lists, name);
  if (lists.entry(name, reference) !== undefined)
    throw new Failure('entryExists', `${name} has ${reference} already.`, 'Change it: list edit.');
  return keep(lists, name, entryWith({ ...set, reference }), output);
}

export async function editEntry(
  name: string,
  reference: string,
  { set }: SetOptions,
  home: Home,
  output: Output,
): Promise<number> {
  if (set.reference !== undefined)
    throw new UsageError('A reference stays: remove the entry, and add it under another one.');
  using lists = openLists(home);
  const before = neededEntry(lists, name, reference);
  return keep(lists, name, entryWith({ ...textsOf(before), ...set }), output);
}

function keep(lists: ListStore, name: string, entry: ListEntry, output: Output): number {
  lists.put(name, entry);
  tellEntry(lists.entry(name, entry.reference) as StoredEntry, output);
  return 0;
}

/** An entry of the texts that a row would have. @throws Failure with what is wrong */
function entryWith(texts: Assignments): ListEntry {
  const cells = listFields.map((field) => texts[field] ?? '');
  const read = readEntry({ line: 1, cells }, listFields, {
    country: 'US',
    referenceOf: () => '',
  });
  if ('entry' in read) return read.entry;
  const [problem] = read.wrong;
  throw new Failure(
    'entryWrong',
    `${problem?.field ?? 'The entry'} ${problem?.what}.`,
    'Nothing was changed.',
  );
}

/** The same the other way; what somebody vouched for counts no more once it is changed. */
function textsOf({ reference, address, mail }: StoredEntry): Assignments {
  const { serviceId, weightMg, zone, extras, postage, mailingDate } = mail;
  const texts: Partial<Record<ListField, string | number | undefined>> = {
    ...address,
    reference,
    service: serviceId,
    weight: weightMg === undefined ? undefined : weightMg / 1_000,
    zone,
    extras: extras?.join(' '),
    postage: postage === undefined ? undefined : formatMills(postage),
    mailingDate,
  };
  return Object.fromEntries(
    Object.entries(texts).map(([field, text]) => [field, String(text ?? '')]),
  );
}

export async function removeEntry(
  name: string,
  reference: string | undefined,
  home: Home,
  output: Output,
): Promise<number> {
  using lists = openLists(home);
  if (reference === undefined) {
    neededList(lists, name);
    lists.drop(name);
  } else {
    neededEntry(lists, name, reference);
    lists.remove(name, reference);
  }
  output.say('removed', { list: name, reference }, `${reference ?? name} is removed`);
  return 0;
}

export async function cleanseEntries(
  name: string,
  { apply }: { readonly apply?: boolean },
  home: Home,
  output: Output,
): Promise<number> {
  using lists = openLists(home);
  neededList(lists, name);
  let count = 0;
  let kept = 0;
  for (const entry of lists.entries(name)) {
    const { address, changes } = cleanse(entry.address);
    if (changes.length === 0) continue;
    if (entry.override !== undefined) {
      kept += 1;
      continue;
    }
    count += 1;
    const { reference } = entry;
    const texts = changes.map(({ field, from, to }) => `${field}: ${from || '–'} → ${to || '–'}`);
    output.say('cleansed', { reference, changes }, `${reference}  ${texts.join('; ')}`);
    if (apply === true) lists.put(name, { ...entry, address });
  }
  const done = apply === true ? 'brought to the standard form' : 'would change: --apply keeps it';
  const rest = kept === 0 ? '' : `, ${kept} stay as somebody vouched for them`;
  output.say(
    'cleansing',
    { changed: count, overridden: kept, isApplied: apply === true },
    `${count} entries ${done}${rest}`,
  );
  return 0;
}

export async function overrideEntry(
  name: string,
  reference: string,
  { reason, user = '' }: { readonly reason: string; readonly user?: string },
  home: Home,
  output: Output,
): Promise<number> {
  using lists = openLists(home);
  const entry = neededEntry(lists, name, reference);
  const by = user === '' ? 'somebody at this computer' : user;
  return keep(lists, name, { ...entry, override: { reason, by, atMs: Date.now() } }, output);
}
