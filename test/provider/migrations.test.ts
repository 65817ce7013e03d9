/** A data base of an earlier version is brought up to date, and what was in it stays (architecture.md decision 11). */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dialect, Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAuthority } from '#authority/authority';
import { authorityMigrations } from '#authority/migrations';
import { openDatabase } from '#cli/database';
import { nodeCrypto } from '#driver/node-crypto';
import { parseMeterId } from '#protocol/documents/meter-id';
import { receiptDocument } from '#protocol/documents/receipt';
import { providerMigrations } from '#provider/migrations';
import { granted, makeOffice } from '#test/support/back-office';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'migrations-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Makes the first tables and puts something into them. */
async function earlier(
  name: string,
  migrations: Readonly<Record<string, Migration>>,
  statements: readonly string[],
): Promise<Dialect> {
  const url = `sqlite:${join(directory, name)}`;
  const db = new Kysely<unknown>({ dialect: openDatabase(url) });
  const first = Object.fromEntries(Object.entries(migrations).slice(0, 1));
  const { error } = await new Migrator({
    db,
    provider: { getMigrations: async () => first },
  }).migrateToLatest();
  if (error !== undefined) throw error;
  for (const statement of statements) await sql.raw(statement).execute(db);
  await db.destroy();
  return openDatabase(url);
}

test('the books of a provider are kept, and its old transactions get receipts', async () => {
  const dialect = await earlier('provider.sqlite', providerMigrations, [
    'update pool set ascending = 700, descending = 300',
    "insert into customers values (1, 'Old', 0, 50, 750, 2)",
    "insert into transactions values (1, 1, 'payment', 750, 750, null, 5)",
    "insert into transactions values (1, 2, 'refill', 700, 50, 'TS01-0000000007', 6)",
    "insert into transactions values (1, 3, 'refillDeclined', 0, 50, 'TS01-0000000007', 7)",
    "insert into meters values ('TS01-0000000007', 1, x'00', 700, 0, 2, 120)",
    "insert into refills values ('TS01-0000000007', 1, x'01', x'02', x'03', 700, 6)",
  ]);
  const office = await makeOffice(dialect);
  const { provider } = office;

  const meterId = parseMeterId('TS01-0000000007') ?? new Uint8Array(0);
  expect(granted(await provider.readPool({}))).toEqual({
    ascending: 700,
    descending: 300,
    spoilage: 0,
    refunded: 0,
    withdrawing: 0,
  });
  expect(granted(await provider.readCustomer({ customerId: 1 }))).toMatchObject({
    balance: 50,
    owed: 0,
    creditMax: 0,
    paidIn: 750,
  });
  expect(granted(await provider.readMeter({ meterId }))).toMatchObject({
    credited: 700,
    certificateCredited: 0,
    withdrawn: 0,
    refillSequence: 2,
    isWithdrawn: false,
    lockOrder: undefined,
  });
  const { transactions } = granted(await provider.listTransactions({ customerId: 1, after: 0 }));
  expect(transactions.map(({ kind }) => kind)).toEqual(['payment', 'purchase', 'declined']);
  for (const { receipt, place } of transactions)
    expect(
      receiptDocument.verify(nodeCrypto, office.providerKeys.publicKey, receipt),
    ).toMatchObject({ ok: true, value: { place, customerId: 1 } });
  expect(granted(await provider.auditLog({}))).toMatchObject({ entries: 0, isSound: true });
});

test('the meters and providers of an authority are kept', async () => {
  const dialect = await earlier('authority.sqlite', authorityMigrations, [
    "insert into meters values ('TS01-0000000007', 0, 5)",
    "insert into providers values (1, 'Old', x'02', x'03', 900, 2)",
  ]);
  await using authority = await openAuthority({
    dialect,
    crypto: nodeCrypto,
    now: () => 10,
    keys: nodeCrypto.generateKeyPair(),
  });
  const meterId = parseMeterId('TS01-0000000007') ?? new Uint8Array(0);

  expect(granted(await authority.providerAccount({ providerId: 1 }))).toEqual({
    name: 'Old',
    issuedTotal: 900,
    spoilageTotal: 0,
    withdrawnTotal: 0,
    issues: 2,
  });
  expect(granted(await authority.readMeter({ meterId }))).toEqual({
    licenceSequence: 0,
    lock: undefined,
    isWithdrawn: false,
    logCount: 0,
    contactMs: undefined,
    reportMs: undefined,
    spoilageRefunded: 0,
  });
  expect(granted(await authority.askForReport({ meterId })).logCount).toBe(0);
  expect(granted(await authority.listOverdue({})).meters).toEqual([]);
});
