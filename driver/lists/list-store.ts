/**
 * Saved lists of addresses, in one file of SQLite (requirements.md F5): a list of a million entries is imported, looked
 * through for duplicates and edited without being in memory, and is there whole or not at all.
 */

import { createHash } from 'node:crypto';
import { openSqlite, type Sql, type SqliteFile } from '../sqlite.ts';
import { duplicateKey } from './cleanse.ts';
import { doubtsOf, type ListEntry } from './entry.ts';

export interface SavedList {
  readonly name: string;
  readonly createdMs: number;
  readonly entries: number;
  /** With something wrong that nobody vouched for. */
  readonly doubtful: number;
  /** That repeat an earlier one. */
  readonly duplicates: number;
}

export interface StoredEntry extends ListEntry {
  /** In the list, growing. */
  readonly place: number;
}

interface Added {
  readonly isTaken: boolean;
  /** The reference of the first of them. */
  readonly duplicateOf: string | undefined;
}

/** A list that is on its way in; what is not committed was never there. */
export interface ListWriter extends Disposable {
  /**
   * @param skipsDuplicates whether one that repeats an earlier one is left out
   * @returns whether it was taken, and what it repeats; where neither, its reference is there before
   */
  add(entry: ListEntry, skipsDuplicates: boolean): Added;
  commit(): void;
}

export interface ListStore extends Disposable {
  lists(): readonly SavedList[];
  list(name: string): SavedList | undefined;
  /** Begins a list in place of the one of that name. */
  begin(name: string, nowMs: number): ListWriter;
  /** In their order, a few at a time: they may be changed meanwhile. */
  entries(name: string): Generator<StoredEntry>;
  entry(name: string, reference: string): StoredEntry | undefined;
  /** Adds it behind the others, or puts it where the one of its reference is. */
  put(name: string, entry: ListEntry): void;
  /** @returns whether it was there */
  remove(name: string, reference: string): boolean;
  /** Entries that are the same person at the same door as an earlier one. */
  duplicates(name: string): Generator<{ readonly reference: string; readonly of: string }>;
  drop(name: string): boolean;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS list (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, createdMs INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS entry (
    listId INTEGER NOT NULL REFERENCES list (id) ON DELETE CASCADE,
    place INTEGER NOT NULL, reference TEXT NOT NULL, content TEXT NOT NULL,
    sameAs BLOB NOT NULL, isDoubtful INTEGER NOT NULL,
    PRIMARY KEY (listId, place)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX IF NOT EXISTS entryReference ON entry (listId, reference);
  CREATE INDEX IF NOT EXISTS entrySame ON entry (listId, sameAs, place);
`;
const VERSION = 1;
const PAGE_SIZE = 200;
const KEY_SIZE = 16;

/** @throws Error where the file is of a later version */
export function openListStore(path: string): ListStore {
  return storeOver(openSqlite(path, SCHEMA, VERSION));
}

const contentOf = ({ address, mail, override }: ListEntry): string =>
  JSON.stringify({ address, mail, override });
const sameAsOf = ({ address }: ListEntry): Uint8Array =>
  createHash('sha256').update(duplicateKey(address)).digest().subarray(0, KEY_SIZE);

interface Row {
  readonly place: number;
  readonly reference: string;
  readonly content: string;
}

const entryOf = ({ place, reference, content }: Row): StoredEntry => ({
  place,
  reference,
  ...(JSON.parse(content) as Omit<ListEntry, 'reference'>),
});

/** 0 where there is no such list: no entry has that. */
const idOf = (sql: Sql, name: string): number =>
  (sql('SELECT id FROM list WHERE name = ?').get(name)?.['id'] as number | undefined) ?? 0;

const rowOf = (sql: Sql, id: number, reference: string): Row | undefined =>
  sql('SELECT place, reference, content FROM entry WHERE listId = ? AND reference = ?').get(
    id,
    reference,
  ) as Row | undefined;

function firstSame(sql: Sql, id: number, sameAs: Uint8Array, place: number): string | undefined {
  return sql(
    `SELECT reference FROM entry INDEXED BY entrySame
    WHERE listId = ? AND sameAs = ? AND place < ? ORDER BY place LIMIT 1`,
  ).get(id, sameAs, place)?.['reference'] as string | undefined;
}

function write(sql: Sql, id: number, place: number, entry: ListEntry, sameAs = sameAsOf(entry)) {
  sql('INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?, ?)').run(
    ...([id, place, entry.reference, contentOf(entry), sameAs] as const),
    doubtsOf(entry).length > 0 ? 1 : 0,
  );
}

function* pagesOf(sql: Sql, id: number): Generator<StoredEntry> {
  for (let after = 0; ; ) {
    const rows = sql(
      `SELECT place, reference, content FROM entry WHERE listId = ? AND place > ?
      ORDER BY place LIMIT ${PAGE_SIZE}`,
    ).all(id, after) as unknown as Row[];
    for (const row of rows) yield entryOf(row);
    if (rows.length < PAGE_SIZE) return;
    after = rows.at(-1)?.place as number;
  }
}

function beginList({ sql, exec }: SqliteFile, name: string, nowMs: number): ListWriter {
  let isOpen = true;
  exec('BEGIN IMMEDIATE');
  sql('DELETE FROM list WHERE name = ?').run(name);
  sql('INSERT INTO list (name, createdMs) VALUES (?, ?)').run(name, nowMs);
  const id = idOf(sql, name);
  let place = 0;
  function end(how: 'COMMIT' | 'ROLLBACK'): void {
    if (isOpen) exec(how);
    isOpen = false;
  }
  return {
    add(entry, skipsDuplicates) {
      if (rowOf(sql, id, entry.reference) !== undefined)
        return { isTaken: false, duplicateOf: undefined };
      const sameAs = sameAsOf(entry);
      const duplicateOf = firstSame(sql, id, sameAs, place + 1);
      const isTaken = duplicateOf === undefined || !skipsDuplicates;
      if (isTaken) {
        place += 1;
        write(sql, id, place, entry, sameAs);
      }
      return { isTaken, duplicateOf };
    },
    commit: () => end('COMMIT'),
    [Symbol.dispose]: () => end('ROLLBACK'),
  };
}

const LISTS = `SELECT name, createdMs, count(place) AS entries,
  coalesce(sum(isDoubtful), 0) AS doubtful, count(place) - count(DISTINCT sameAs) AS duplicates
  FROM list LEFT JOIN entry ON entry.listId = list.id`;
const LAST_PLACE = 'SELECT coalesce(max(place), 0) AS place FROM entry WHERE listId = ?';

function storeOver(file: SqliteFile): ListStore {
  const { sql } = file;
  return {
    lists: () => sql(`${LISTS} GROUP BY list.id ORDER BY name`).all() as unknown as SavedList[],
    list: (name) =>
      sql(`${LISTS} WHERE name = ? GROUP BY list.id`).get(name) as SavedList | undefined,
    begin: (name, nowMs) => beginList(file, name, nowMs),
    entries: (name) => pagesOf(sql, idOf(sql, name)),
    entry(name, reference) {
      const row = rowOf(sql, idOf(sql, name), reference);
      return row === undefined ? undefined : entryOf(row);
    },
    put(name, entry) {
      const id = idOf(sql, name);
      const last = sql(LAST_PLACE).get(id)?.['place'] as number;
      write(sql, id, rowOf(sql, id, entry.reference)?.place ?? last + 1, entry);
    },
    remove: (name, reference) =>
      sql('DELETE FROM entry WHERE listId = ? AND reference = ?').run(idOf(sql, name), reference)
        .changes > 0,
    *duplicates(name) {
      const id = idOf(sql, name);
      for (const entry of pagesOf(sql, id)) {
        const of = firstSame(sql, id, sameAsOf(entry), entry.place);
        if (of !== undefined) yield { reference: entry.reference, of };
      }
    },
    drop: (name) => sql('DELETE FROM list WHERE name = ?').run(name).changes > 0,
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}
