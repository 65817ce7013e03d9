/** A lock that ends with the process that holds it, however that ends; on every platform. */

import { DatabaseSync } from 'node:sqlite';

/** SQLITE_BUSY: another connection holds the lock. */
const BUSY = 5;

/**
 * Node has no file locks of its own, but SQLite brings those of each platform: an exclusive transaction in which nothing
 * is ever written is held as long as the connection lives.
 * @returns undefined where somebody holds the lock already, in this process or another one
 */
export function lockFile(path: string): Disposable | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw error;
    return undefined;
  }
  return {
    [Symbol.dispose]() {
      if (database.isOpen) database.close();
    },
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === BUSY;
}
