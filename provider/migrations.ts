/** How the tables came to be, step by step; a step that was released is never changed. */

import { type ColumnDefinitionBuilder, type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { DIGEST_SIZE } from '#protocol/crypto';
import { createCredit } from './credit/migration.ts';

export const providerMigrations: Readonly<Record<string, Migration>> = {
  '0001-first': {
    async up(db: Kysely<unknown>) {
      await createPool(db);
      await createCustomers(db);
      await createMeters(db);
      await createFindings(db);
    },
  },
  '0002-value': {
    async up(db: Kysely<unknown>) {
      await createTransactionLog(db);
      await extendPool(db);
      await extendCustomers(db);
      await extendMeters(db);
      await createWithdrawals(db);
      await createClaims(db);
      await createBatches(db);
    },
  },
  '0003-authority-keys': {
    async up(db: Kysely<unknown>) {
      await createAuthorityKeys(db);
    },
  },
  '0004-credit': {
    async up(db: Kysely<unknown>) {
      await createCredit(db);
    },
  },
};

async function createAuthorityKeys(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('authority_keys')
    .addColumn('sequence', 'bigint', (column) => column.primaryKey())
    .addColumn('certificate', 'bytea', (column) => column.notNull())
    .execute();
}

/** A second lock on what the code already refuses: no register is ever negative. */
const notNegative = (column: string) => sql<boolean>`${sql.ref(column)} >= 0`;

async function createPool(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('pool')
    .addColumn('pool_id', 'integer', (column) => column.primaryKey())
    .addColumn('ascending', 'bigint', (column) => column.notNull().check(notNegative('ascending')))
    .addColumn('descending', 'bigint', (column) =>
      column.notNull().check(notNegative('descending')),
    )
    .addColumn('refunded', 'bigint', (column) => column.notNull().check(notNegative('refunded')))
    .execute();
  await sql`insert into pool (pool_id, ascending, descending, refunded) values (1, 0, 0, 0)`.execute(
    db,
  );
  await db.schema
    .createTable('purchases')
    .addColumn('request_id', 'bytea', (column) => column.primaryKey())
    .addColumn('amount', 'bigint', (column) => column.notNull())
    .addColumn('request', 'bytea', (column) => column.notNull())
    .addColumn('issue', 'bytea')
    .addColumn('asked_ms', 'bigint', (column) => column.notNull())
    .execute();
}

async function createCustomers(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('counters')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('value', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('customers')
    .addColumn('customer_id', 'bigint', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('is_closed', 'integer', (column) => column.notNull())
    .addColumn('balance', 'bigint', (column) => column.notNull().check(notNegative('balance')))
    .addColumn('paid_in', 'bigint', (column) => column.notNull())
    .addColumn('transactions', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('payments')
    .addColumn('customer_id', 'bigint', (column) =>
      column.notNull().references('customers.customer_id'),
    )
    .addColumn('request_id', 'bytea', (column) => column.notNull())
    .addColumn('amount', 'bigint', (column) => column.notNull())
    .addColumn('place', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('payments_request', ['customer_id', 'request_id'])
    .execute();
  await db.schema
    .createTable('transactions')
    .addColumn('customer_id', 'bigint', (column) =>
      column.notNull().references('customers.customer_id'),
    )
    .addColumn('place', 'bigint', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('amount', 'bigint', (column) => column.notNull())
    .addColumn('balance_after', 'bigint', (column) => column.notNull())
    .addColumn('meter_id', 'text')
    .addColumn('time_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('transactions_place', ['customer_id', 'place'])
    .execute();
}

async function createMeters(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('meters')
    .addColumn('meter_id', 'text', (column) => column.primaryKey())
    .addColumn('customer_id', 'bigint', (column) =>
      column.notNull().references('customers.customer_id'),
    )
    .addColumn('certificate', 'bytea', (column) => column.notNull())
    .addColumn('credited', 'bigint', (column) => column.notNull())
    .addColumn('refunded', 'bigint', (column) => column.notNull())
    .addColumn('refill_sequence', 'bigint', (column) => column.notNull())
    .addColumn('ascending', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('refills')
    .addColumn('meter_id', 'text', (column) => column.notNull().references('meters.meter_id'))
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('nonce', 'bytea', (column) => column.notNull())
    .addColumn('request', 'bytea', (column) => column.notNull())
    .addColumn('authorisation', 'bytea', (column) => column.notNull())
    .addColumn('amount', 'bigint', (column) => column.notNull())
    .addColumn('time_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('refills_sequence', ['meter_id', 'sequence'])
    .addUniqueConstraint('refills_nonce', ['meter_id', 'nonce'])
    .execute();
}

async function createFindings(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('findings')
    .addColumn('finding_id', 'bigint', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('meter_id', 'text', (column) => column.notNull())
    .addColumn('text', 'text', (column) => column.notNull())
    .addColumn('evidence', 'bytea', (column) => column.notNull())
    .addColumn('found_ms', 'bigint', (column) => column.notNull())
    .execute();
}

const register = (column: ColumnDefinitionBuilder) => column.notNull().defaultTo(0);

async function createTransactionLog(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('transaction_log')
    .addColumn('number', 'bigint', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('time_ms', 'bigint', (column) => column.notNull())
    .addColumn('entry', 'text', (column) => column.notNull())
    .addColumn('chain', 'bytea', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('transaction_log_head')
    .addColumn('head_id', 'integer', (column) => column.primaryKey())
    .addColumn('number', 'bigint', (column) => column.notNull())
    .addColumn('chain', 'bytea', (column) => column.notNull())
    .execute();
  const chain = new Uint8Array(DIGEST_SIZE);
  await sql`insert into transaction_log_head (head_id, number, chain) values (1, 0, ${chain})`.execute(
    db,
  );
}

async function extendPool(db: Kysely<unknown>): Promise<void> {
  const pool = db.schema.alterTable('pool');
  await pool.addColumn('spoilage', 'bigint', register).execute();
  await pool.addColumn('issue_sequence', 'bigint', register).execute();
}

async function extendCustomers(db: Kysely<unknown>): Promise<void> {
  const customers = db.schema.alterTable('customers');
  for (const column of ['owed', 'credit_max', 'returned'])
    await customers.addColumn(column, 'bigint', register).execute();
  const transactions = db.schema.alterTable('transactions');
  await transactions.addColumn('owed_after', 'bigint', register).execute();
  await transactions.addColumn('receipt', 'bytea').execute();
  await sql`update transactions set kind = 'purchase' where kind = 'refill'`.execute(db);
  await sql`update transactions set kind = 'declined' where kind = 'refillDeclined'`.execute(db);
}

async function extendMeters(db: Kysely<unknown>): Promise<void> {
  const meters = db.schema.alterTable('meters');
  await meters.renameColumn('refunded', 'withdrawn').execute();
  const registers = [
    'certificate_credited',
    'certificate_withdrawn',
    'spoilage_approved',
    'spoilage_credited',
    'settled',
    'certificate_ascending',
  ];
  for (const column of registers) await meters.addColumn(column, 'bigint', register).execute();
  await meters.addColumn('lock_order', 'bytea').execute();
  await meters.addColumn('is_withdrawn', 'integer', register).execute();
  const refills = db.schema.alterTable('refills');
  const text = (value: string) => (column: ColumnDefinitionBuilder) =>
    column.notNull().defaultTo(value);
  await refills.addColumn('kind', 'text', text('purchase')).execute();
  await refills.addColumn('account', 'text', text('postal')).execute();
  await refills.addColumn('requested', 'bigint', register).execute();
  await refills.addColumn('reason', 'text', text('ok')).execute();
  await db.schema.alterTable('findings').addColumn('batch_number', 'bigint').execute();
}

async function createWithdrawals(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('withdrawals')
    .addColumn('meter_id', 'text', (column) => column.notNull().references('meters.meter_id'))
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('request', 'bytea', (column) => column.notNull())
    .addColumn('authorisation', 'bytea', (column) => column.notNull())
    .addColumn('verdict', 'text', (column) => column.notNull())
    .addColumn('obstacle', 'text')
    .addColumn('postal', 'bigint', (column) => column.notNull())
    .addColumn('certificate', 'bigint', (column) => column.notNull())
    .addColumn('time_ms', 'bigint', (column) => column.notNull())
    .addColumn('proof', 'bytea')
    .addColumn('is_told', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('withdrawals_sequence', ['meter_id', 'sequence'])
    .execute();
}

async function createClaims(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('claims')
    .addColumn('claim_id', 'bigint', (column) => column.primaryKey())
    .addColumn('customer_id', 'bigint', (column) =>
      column.notNull().references('customers.customer_id'),
    )
    .addColumn('request_id', 'bytea', (column) => column.notNull())
    .addColumn('meter_id', 'text', (column) => column.notNull().references('meters.meter_id'))
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('request', 'bytea')
    .addColumn('answer', 'bytea')
    .addColumn('approved', 'bigint', (column) => column.notNull())
    .addColumn('submitted_ms', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('claims_request', ['customer_id', 'request_id'])
    .execute();
  await db.schema
    .createTable('claim_pieces')
    .addColumn('claim_id', 'bigint', (column) => column.notNull().references('claims.claim_id'))
    .addColumn('place', 'integer', (column) => column.notNull())
    .addColumn('meter_id', 'text', (column) => column.notNull())
    .addColumn('piece_count', 'bigint')
    .addColumn('amount', 'bigint', (column) => column.notNull())
    .addColumn('indicium', 'bytea', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('rejection', 'text')
    .addPrimaryKeyConstraint('claim_pieces_place', ['claim_id', 'place'])
    .execute();
  await db.schema
    .createIndex('claim_pieces_piece')
    .on('claim_pieces')
    .columns(['meter_id', 'piece_count'])
    .execute();
}

async function createBatches(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('movements')
    .addColumn('entry', 'bigint', (column) => column.primaryKey())
    .addColumn('meter_id', 'text', (column) => column.notNull().references('meters.meter_id'))
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('amount', 'bigint', (column) => column.notNull())
    .addColumn('time_ms', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('movements_sequence', ['meter_id', 'sequence'])
    .execute();
  await db.schema
    .createTable('batches')
    .addColumn('number', 'bigint', (column) => column.primaryKey())
    .addColumn('log_count', 'bigint', (column) => column.notNull())
    .addColumn('batch', 'bytea', (column) => column.notNull())
    .addColumn('is_complete', 'integer', (column) => column.notNull())
    .addColumn('is_told', 'integer', (column) => column.notNull())
    .execute();
}
