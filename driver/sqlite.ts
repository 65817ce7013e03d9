/** A file of SQLite of the host, with its schema and its statements, each prepared once. */

import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** Gives a statement by its text. */
export type Sql = (text: string) => StatementSync;

export interface SqliteFile extends Disposable {
  readonly sql: Sql;
  exec(text: string): void;
  /** All of it, or nothing: durable when it returns. */
  inOne<T>(task: () => T): T;
}

/** How long another program that is writing is waited for, milliseconds. */
const BUSY_TIMEOUT_MS = 5_000;
/** Kibibytes of pages in memory: an index of a million entries is looked at everywhere, and less is written again and again. */
const CACHE_KIB = 32_768;

/**
 * Opens a file, or makes it. What was committed survives a power cut.
 * @param schema statements that may run again where everything is there
 * @throws Error where it is of a later version, or no such file at all
 */
export function openSqlite(path: string, schema: string, version: number): SqliteFile {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
    database.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    const found = database.prepare('PRAGMA user_version').get()?.['user_version'];
    if (found !== 0 && found !== version) throw new Error(`${path} is of a later version`);
    if (found === 0) database.exec(`BEGIN; ${schema} PRAGMA user_version = ${version}; COMMIT`);
  } catch (error) {
    database.close();
    throw error;
  }
  const prepared = new Map<string, StatementSync>();
  return {
    sql(text) {
      const statement = prepared.get(text) ?? database.prepare(text);
      prepared.set(text, statement);
      return statement;
    },
    exec: (text) => database.exec(text),
    inOne(task) {
      database.exec('BEGIN IMMEDIATE');
      try {
        const result = task();
        database.exec('COMMIT');
        return result;
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
    [Symbol.dispose]: () => database.close(),
  };
}
