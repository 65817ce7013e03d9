/**
 * Opens the data base of the authority or the provider by its address (architecture.md decision 11).
 *
 * Tables are declared in the words of PostgreSQL (`bigint`, `bytea`, `text`); on SQLite they become STRICT tables with
 * SQLite's own types. Whole numbers come out as JavaScript numbers: money has 48 bits and fits; a number that does not
 * fit makes the query fail instead of being rounded.
 */

import { DatabaseSync } from 'node:sqlite';
import {
  AddColumnNode,
  AlterTableNode,
  type ColumnDefinitionNode,
  CreateTableNode,
  DataTypeNode,
  type Dialect,
  RawNode,
  type RootOperationNode,
  type SqliteDatabase,
  SqliteDialect,
  SqliteQueryCompiler,
  type SqliteStatement,
} from 'kysely';

/** How long a statement waits for another process that is writing, milliseconds. */
const BUSY_TIMEOUT_MS = 5_000;
/** Statements kept ready: all that the servers use; preparing one costs as much as two or three runs. */
const STATEMENTS_MAX = 256;

/**
 * The dialect for an address.
 * @param url `sqlite:/path/to/file` (made where it is missing) or `sqlite::memory:`
 * @throws Error for any other address; a file that cannot be opened fails the first query
 */
export function openDatabase(url: string): Dialect {
  const path = url.startsWith('sqlite:') ? url.slice('sqlite:'.length) : '';
  if (path === '') throw new Error('a data base is sqlite:/path/to/file or sqlite::memory:');
  return sqliteDialect(() => openFile(path));
}

/**
 * The dialect over a data base of SQLite.
 * @param open is called for the first query; what it gives belongs to the dialect
 */
export function sqliteDialect(open: () => DatabaseSync): Dialect {
  const sqlite = new SqliteDialect({ database: async () => statementsOf(open()) });
  return {
    createDriver: () => sqlite.createDriver(),
    createAdapter: () => sqlite.createAdapter(),
    createIntrospector: (db) => sqlite.createIntrospector(db),
    createQueryCompiler() {
      const compiler = new SqliteQueryCompiler();
      return { compileQuery: (node, id) => compiler.compileQuery(asStrict(node), id) };
    },
  };
}

function openFile(path: string): DatabaseSync {
  const database = new DatabaseSync(path, {
    timeout: BUSY_TIMEOUT_MS,
    enableForeignKeyConstraints: true,
    enableDoubleQuotedStringLiterals: false,
  });
  // What was answered must survive a power cut: in WAL mode only FULL syncs at every commit.
  database.exec('pragma journal_mode = wal; pragma synchronous = full');
  return database;
}

function statementsOf(database: DatabaseSync): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare(sql) {
      const known = prepared.get(sql);
      if (known !== undefined) return known;
      // A transaction that reads first and writes later cannot wait for another process: it takes the lock at once.
      const statement = prepare(database, sql === 'begin' ? 'begin immediate' : sql);
      if (prepared.size === STATEMENTS_MAX) prepared.clear();
      prepared.set(sql, statement);
      return statement;
    },
  };
}

function prepare(database: DatabaseSync, sql: string): SqliteStatement {
  const statement = database.prepare(sql);
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...parameters.map(bindable)),
    run: (parameters) => statement.run(...parameters.map(bindable)),
    iterate: (parameters) => statement.iterate(...parameters.map(bindable)),
  };
}

type Bindable = null | number | bigint | string | Uint8Array;

function bindable(parameter: unknown): Bindable {
  if (
    parameter === null ||
    typeof parameter === 'bigint' ||
    typeof parameter === 'string' ||
    parameter instanceof Uint8Array
  )
    return parameter;
  if (Number.isSafeInteger(parameter)) return parameter as number;
  throw new TypeError('a parameter of a query is null, a whole number, text or bytes');
}

/** A table as SQLite checks it: only the types it has, and no value of another type in a column. */
function asStrict(node: RootOperationNode): RootOperationNode {
  if (AlterTableNode.is(node) && node.columnAlterations !== undefined)
    return {
      ...node,
      columnAlterations: node.columnAlterations.map((change) =>
        AddColumnNode.is(change) ? { ...change, column: withSqliteType(change.column) } : change,
      ),
    };
  if (!CreateTableNode.is(node)) return node;
  return {
    ...node,
    columns: node.columns.map(withSqliteType),
    endModifiers: [...(node.endModifiers ?? []), RawNode.createWithSql('strict')],
  };
}

function withSqliteType(column: ColumnDefinitionNode): ColumnDefinitionNode {
  if (!DataTypeNode.is(column.dataType)) return column;
  return { ...column, dataType: DataTypeNode.create(sqliteType(column.dataType.dataType)) };
}

function sqliteType(type: DataTypeNode['dataType']): 'integer' | 'blob' | 'text' {
  if (type === 'bigint' || type === 'integer') return 'integer';
  if (type === 'bytea') return 'blob';
  if (type === 'text' || type.startsWith('varchar')) return 'text';
  throw new TypeError(`no column of type ${type} in our tables`);
}
