/** A data base that loses its connection after so many statements, as when the process is killed in the middle. */

import type { DatabaseConnection, Dialect, Driver } from 'kysely';

export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

export interface FailingDialect {
  readonly dialect: Dialect;
  /** From now on, this many statements reach the data base, begin and commit counted; the rest fail. */
  failAfter(statements: number): void;
  /** Statements that reached the data base. */
  readonly performed: number;
}

export function failing(inner: Dialect): FailingDialect {
  let left = Number.POSITIVE_INFINITY;
  let performed = 0;
  const spend = (): void => {
    if (left === 0) throw new ConnectionLost('the connection is lost');
    left -= 1;
    performed += 1;
  };
  return {
    dialect: { ...inner, createDriver: () => failingDriver(inner.createDriver(), spend) },
    failAfter(statements) {
      left = statements;
      performed = 0;
    },
    get performed() {
      return performed;
    },
  };
}

/** The same connection object for the same connection, as Kysely expects. */
function failingDriver(inner: Driver, spend: () => void): Driver {
  const connections = new WeakMap<DatabaseConnection, DatabaseConnection>();
  const innerOf = new WeakMap<DatabaseConnection, DatabaseConnection>();
  const unwrap = (connection: DatabaseConnection): DatabaseConnection =>
    innerOf.get(connection) ?? connection;
  const wrap = (connection: DatabaseConnection): DatabaseConnection => {
    const known = connections.get(connection);
    if (known !== undefined) return known;
    const wrapped: DatabaseConnection = {
      executeQuery(query, options) {
        spend();
        return connection.executeQuery(query, options);
      },
      streamQuery: (query, chunkSize) => connection.streamQuery(query, chunkSize),
    };
    connections.set(connection, wrapped);
    innerOf.set(wrapped, connection);
    return wrapped;
  };
  return {
    init: (options) => inner.init(options),
    acquireConnection: async (options) => wrap(await inner.acquireConnection(options)),
    async beginTransaction(connection, settings) {
      spend();
      await inner.beginTransaction(unwrap(connection), settings);
    },
    async commitTransaction(connection) {
      spend();
      await inner.commitTransaction(unwrap(connection));
    },
    // whoever is dead rolls nothing back: that is for the data base, when it is opened again
    async rollbackTransaction() {
      spend();
    },
    releaseConnection: (connection) => inner.releaseConnection(unwrap(connection)),
    destroy: (options) => inner.destroy(options),
  };
}
