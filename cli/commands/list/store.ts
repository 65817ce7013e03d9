/** The file of saved lists in a home, opened for one command. */

import { join } from 'node:path';
import { type ListStore, openListStore, type StoredEntry } from '#driver/lists/list-store';
import { TableError } from '#driver/lists/table';
import { Failure } from '../../failure.ts';
import type { Home } from '../../home.ts';
import type { Output } from '../../output.ts';

export function openLists(home: Home): ListStore {
  home.prepare();
  return openListStore(join(home.path, 'lists.db'));
}

/** @throws Failure where there is no list of that name */
export function neededList(lists: ListStore, name: string): void {
  if (lists.list(name) !== undefined) return;
  const names = lists.lists().map((each) => each.name);
  const have = names.length === 0 ? 'There are none yet' : `Lists: ${names.join(', ')}`;
  throw new Failure(
    'listMissing',
    `There is no list ${name}.`,
    `${have}; tessera list import makes one.`,
  );
}

/** @throws Failure where there is no such entry */
export function neededEntry(lists: ListStore, name: string, reference: string): StoredEntry {
  neededList(lists, name);
  const entry = lists.entry(name, reference);
  if (entry !== undefined) return entry;
  throw new Failure(
    'entryMissing',
    `${name} has no entry ${reference}.`,
    `tessera list show ${name} tells what it has.`,
  );
}

/** What is the matter with a file is told with what to do. */
export async function explainedTable<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    throw new Failure('fileUnreadable', `${error.what}.`, error.advice);
  }
}

/** A place in a file, with what is wrong there. */
export function tellProblem(
  problem: {
    readonly kind: string;
    readonly line: number;
    readonly field?: string | undefined;
    readonly what: string;
  },
  output: Output,
): void {
  const { kind, line, field, what } = problem;
  const place = field === undefined ? `row ${line}` : `row ${line}, ${field}`;
  output.say('problem', { ...problem }, `${kind}: ${place}: ${what}`);
}
