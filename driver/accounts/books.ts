/**
 * The books of a desk, in one file of SQLite (requirements.md F7): accounts, who may do what, and every debit once, under
 * the id of its request. The meter keeps the money; these books only say for whom it was spent, and can always be made
 * whole from journals and jobs (reconcile.ts).
 */

import { openSqlite, type SqliteFile } from '../sqlite.ts';

export type Books = SqliteFile;

const SCHEMA = `
  CREATE TABLE account (
    name TEXT PRIMARY KEY, isActive INTEGER NOT NULL, budget INTEGER, period TEXT NOT NULL,
    warnPercent INTEGER NOT NULL, lockPercent INTEGER NOT NULL,
    surchargePercent INTEGER NOT NULL, surchargeEach INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE debit (
    meter TEXT NOT NULL, counter INTEGER NOT NULL, nonce INTEGER NOT NULL,
    reference TEXT NOT NULL, job TEXT NOT NULL, account TEXT NOT NULL, user TEXT NOT NULL,
    kind TEXT NOT NULL, serviceId INTEGER NOT NULL, postage INTEGER NOT NULL,
    surcharge INTEGER NOT NULL, pieceCount INTEGER NOT NULL, ascending INTEGER NOT NULL,
    mailingDate INTEGER NOT NULL, atMs INTEGER NOT NULL,
    PRIMARY KEY (meter, counter, nonce)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX debitTime ON debit (atMs);
  CREATE INDEX debitAccount ON debit (account, atMs);
  CREATE TABLE spoiled (
    meter TEXT NOT NULL, counter INTEGER NOT NULL, nonce INTEGER NOT NULL,
    reason TEXT NOT NULL, atMs INTEGER NOT NULL, PRIMARY KEY (meter, counter, nonce)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE plan (
    meter TEXT NOT NULL, reference TEXT NOT NULL, account TEXT NOT NULL, user TEXT NOT NULL,
    atMs INTEGER NOT NULL, PRIMARY KEY (meter, reference)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE job (
    directory TEXT PRIMARY KEY, account TEXT NOT NULL, user TEXT NOT NULL, isSettled INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE user (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, isActive INTEGER NOT NULL, salt BLOB NOT NULL,
    proof BLOB NOT NULL, tries INTEGER NOT NULL, lockedUntilMs INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE preset (name TEXT PRIMARY KEY, content TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE failure (
    id INTEGER PRIMARY KEY, atMs INTEGER NOT NULL, command TEXT NOT NULL, reason TEXT NOT NULL,
    message TEXT NOT NULL
  ) STRICT;
`;
const VERSION = 1;

/** Opens the books, or begins them. */
export const openBooks = (path: string): Books => openSqlite(path, SCHEMA, VERSION);
