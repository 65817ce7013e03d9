/** A data base in memory whose server can end between any two statements: what was not committed is gone then. */

import { DatabaseSync } from 'node:sqlite';
import type { DatabaseConnection, Dialect, Driver } from 'kysely';
import { sqliteDialect } from '#cli/database';
import { never } from './never.ts';

export interface SimDatabase {
  readonly database: DatabaseSync;
  /** For one life of a server. */
  open(): DatabaseLife;
}

export interface DatabaseLife {
  readonly database: DatabaseSync;
  readonly dialect: Dialect;
  /** Ends this life behind so many statements from now, the last of them performed; 0 ends it at once. */
  endAfter(statements: number): void;
  readonly isOver: boolean;
}

/** @param content what `serialize` gave; an empty data base where left out */
export function createSimDatabase(content: Uint8Array | undefined, onEnd: () => void): SimDatabase {
  const database = new DatabaseSync(':memory:', { enableForeignKeyConstraints: true });
  if (content !== undefined) database.deserialize(content);
  return { database, open: () => openLife(database, onEnd) };
}

function openLife(database: DatabaseSync, onEnd: () => void): DatabaseLife {
  let left = Number.POSITIVE_INFINITY;
  let isOver = false;

  function end(): void {
    if (isOver) return;
    isOver = true;
    if (database.isTransaction) database.exec('rollback');
    onEnd();
  }
  /** Performs a statement, and perhaps nothing after it. */
  async function perform<T>(work: () => Promise<T>): Promise<T> {
    if (isOver) return never();
    const result = await work();
    left -= 1;
    if (left <= 0) end();
    return isOver ? never() : result;
  }

  const inner = sqliteDialect(() => database);
  return {
    database,
    dialect: { ...inner, createDriver: () => mortalDriver(inner.createDriver(), perform) },
    endAfter(statements) {
      if (statements === 0) end();
      else left = statements;
    },
    get isOver() {
      return isOver;
    },
  };
}

type Perform = <T>(work: () => Promise<T>) => Promise<T>;

/** The same connection object for the same connection, as Kysely expects. */
function mortalDriver(inner: Driver, perform: Perform): Driver {
  const wrapped = new WeakMap<DatabaseConnection, DatabaseConnection>();
  const innerOf = new WeakMap<DatabaseConnection, DatabaseConnection>();
  const unwrap = (connection: DatabaseConnection): DatabaseConnection =>
    innerOf.get(connection) ?? connection;
  function wrap(connection: DatabaseConnection): DatabaseConnection {
    const known = wrapped.get(connection);
    if (known !== undefined) return known;
    const mortal: DatabaseConnection = {
      executeQuery: (query, options) => perform(() => connection.executeQuery(query, options)),
      streamQuery: (query, size) => connection.streamQuery(query, size),
    };
    wrapped.set(connection, mortal);
    innerOf.set(mortal, connection);
    return mortal;
  }
  return {
    init: (options) => inner.init(options),
    acquireConnection: async (options) => wrap(await inner.acquireConnection(options)),
    beginTransaction: (connection, settings) =>
      perform(() => inner.beginTransaction(unwrap(connection), settings)),
    commitTransaction: (connection) => perform(() => inner.commitTransaction(unwrap(connection))),
    rollbackTransaction: (connection) =>
      perform(() => inner.rollbackTransaction(unwrap(connection))),
    releaseConnection: (connection) => inner.releaseConnection(unwrap(connection)),
    destroy: async () => undefined, // the data base outlives its server
  };
}
