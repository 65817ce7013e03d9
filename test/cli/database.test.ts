/** The SQLite data base keeps what it was given to the mill, and takes nothing of another kind (architecture.md decision 11). */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dialect, Kysely, sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { openDatabase } from '#cli/database';
import { MILLS_MAX } from '#protocol/mills';

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
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  test('every commit is synced, and two processes write in turn', async () => {
    const [one, other] = [await openCoins(openDatabase(url)), await openCoins(openDatabase(url))];
    const pragma = async (name: string) =>
      Object.values(
        (await sql.raw<Record<string, unknown>>(`pragma ${name}`).execute(one)).rows[0] ?? {},
      )[0];
    await one.insertInto('coins').values(coin).execute();

    const raise = (db: Kysely<Tables>) =>
      db.transaction().execute(async (trx) => {
        const { worth } = await trx.selectFrom('coins').select('worth').executeTakeFirstOrThrow();
        await trx
          .updateTable('coins')
          .set({ worth: worth + 1 })
          .execute();
      });
    for (let time = 0; time < 20; time++) await raise(time % 2 === 0 ? one : other);

    expect([
      await pragma('journal_mode'),
      await pragma('synchronous'),
      await pragma('foreign_keys'),
    ]).toEqual(['wal', 2, 1]);
    expect(await other.selectFrom('coins').select('worth').execute()).toEqual([{ worth: 25 }]);
  });
});
