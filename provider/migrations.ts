/** How the tables came to be, step by step; a step that was released is never changed. */

import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const providerMigrations: Readonly<Record<string, Migration>> = {
  '0001-first': {
    async up(db: Kysely<unknown>) {
      await createPool(db);
      await createCustomers(db);
      await createMeters(db);
      await createFindings(db);
    },
  },
};

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
