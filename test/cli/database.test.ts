/** The SQLite data base keeps what it was given to the mill, and takes nothing of another kind (architecture.md decision 11). */

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Dialect, Kysely, sql } from 'kysely';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { openDatabase } from '#cli/database';
import { MILLS_MAX } from '#protocol/mills';
import { repositoryRoot } from '#tools/sources';

interface Tables {
  coins: { coin_id: number; worth: number; name: string; image: Uint8Array | null };
}

const opened: Kysely<Tables>[] = [];
afterEach(async () => {
  for (const db of opened.splice(0)) await db.destroy();
});

async function openCoins(dialect: Dialect): Promise<Kysely<Tables>> {
  const db = new Kysely<Tables>({ dialect });
  opened.push(db);
  await db.schema
    .createTable('coins')
    .ifNotExists()
    .addColumn('coin_id', 'bigint', (column) => column.primaryKey())
    .addColumn('worth', 'bigint', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('image', 'bytea')
    .execute();
  return db;
}

const coin = { coin_id: 1, worth: 5, name: 'five', image: null };

test.each([0, 1, 2 ** 32, MILLS_MAX, Number.MAX_SAFE_INTEGER])(
  '%i is read as it was written',
  async (worth) => {
    const db = await openCoins(openDatabase('sqlite::memory:'));

    await db
      .insertInto('coins')
      .values({ ...coin, worth })
      .execute();

    const row = await db.selectFrom('coins').selectAll().executeTakeFirstOrThrow();
    expect(row).toEqual({ ...coin, worth });
    const sum = await db
      .updateTable('coins')
      .set((eb) => ({ worth: eb('worth', '-', worth) }))
      .returning('worth')
      .executeTakeFirstOrThrow();
    expect(sum.worth).toBe(0);
  },
);

test('a number that JavaScript cannot hold fails the query instead of being rounded', async () => {
  const db = await openCoins(openDatabase('sqlite::memory:'));
  await sql`insert into coins values (1, 9007199254740993, 'odd', null)`.execute(db);

  await expect(db.selectFrom('coins').selectAll().execute()).rejects.toThrow(/too large/i);
});

describe('a value of another kind is refused', () => {
  test.each([
    ['text for a number', { worth: 'many' }],
    ['a fraction', { worth: 0.5 }],
    ['not a number', { worth: Number.NaN }],
    ['more than is exact', { worth: 2 ** 53 }],
    ['nothing where something must be', { name: null }],
    ['a number for text', { image: 12 }],
    ['an object', { name: {} }],
  ])('%s', async (_, changes) => {
    const db = await openCoins(openDatabase('sqlite::memory:'));

    const insertion = db.insertInto('coins').values({ ...coin, ...(changes as object) });

    await expect(insertion.execute()).rejects.toThrow();
    expect(await db.selectFrom('coins').selectAll().execute()).toEqual([]);
  });
});

test.each(['', 'sqlite:', 'coins.sqlite', 'postgres://127.0.0.1/coins', 'file:coins'])(
  'the address "%s" is refused',
  (url) => {
    expect(() => openDatabase(url)).toThrow('a data base is sqlite:/path/to/file');
  },
);

describe('in a file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'database-'));
  const url = `sqlite:${join(directory, 'coins.sqlite')}`;
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test('every commit is synced', async () => {
    const db = await openCoins(openDatabase(url));
    const pragma = async (name: string) => {
      const { rows } = await sql.raw<Record<string, unknown>>(`pragma ${name}`).execute(db);
      return Object.values(rows[0] ?? {})[0];
    };

    const found = [
      await pragma('journal_mode'),
      await pragma('synchronous'),
      await pragma('foreign_keys'),
    ];

    expect(found).toEqual(['wal', 2, 1]);
  });

  test('processes that read and then write do so in turn, and none is turned away', async () => {
    const db = await openCoins(openDatabase(url));
    await db.insertInto('coins').values(coin).execute();

    await Promise.all([raiseInProcess(20), raiseInProcess(20), raiseInProcess(20)]);

    expect(await db.selectFrom('coins').select('worth').execute()).toEqual([{ worth: 65 }]);
  });

  /** Another process raises the worth of the coin by 1, so many times, each in a transaction that reads first. */
  function raiseInProcess(times: number): Promise<unknown> {
    const program = `
      import { Kysely } from 'kysely';
      import { openDatabase } from '#cli/database';
      const db = new Kysely({ dialect: openDatabase(${JSON.stringify(url)}) });
      for (let time = 0; time < ${times}; time++)
        await db.transaction().execute(async (trx) => {
          const { worth } = await trx.selectFrom('coins').select('worth').executeTakeFirstOrThrow();
          await new Promise((resolve) => setImmediate(resolve));
          await trx.updateTable('coins').set({ worth: worth + 1 }).execute();
        });
      await db.destroy();`;
    const run = promisify(execFile);
    return run(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: repositoryRoot,
    });
  }
});
