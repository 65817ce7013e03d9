/** The tables of credit. */

import type { Kysely } from 'kysely';

export async function createCredit(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('credit_terms')
    .addColumn('terms_id', 'integer', (column) => column.primaryKey())
    .addColumn('issuer', 'bytea')
    .addColumn('automatic_max', 'bigint', (column) => column.notNull())
    .addColumn('line_max', 'bigint', (column) => column.notNull())
    .addColumn('days', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('credit_requests')
    .addColumn('request_id', 'bigint', (column) => column.primaryKey())
    .addColumn('request', 'bytea', (column) => column.notNull().unique())
    .addColumn('meter_id', 'text', (column) => column.notNull().references('meters.meter_id'))
    .addColumn('amount', 'bigint', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('asked_ms', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('credit_lines')
    .addColumn('serial', 'bigint', (column) =>
      column.primaryKey().references('credit_requests.request_id'),
    )
    .addColumn('meter_id', 'text', (column) => column.notNull().references('meters.meter_id'))
    .addColumn('certificate', 'bytea', (column) => column.notNull())
    .addColumn('digest', 'bytea', (column) => column.notNull().unique())
    .addColumn('amount', 'bigint', (column) => column.notNull())
    .addColumn('valid_to', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('credit_payments')
    .addColumn('serial', 'bigint', (column) => column.notNull().references('credit_lines.serial'))
    .addColumn('number', 'bigint', (column) => column.notNull())
    .addColumn('core', 'bytea', (column) => column.notNull())
    .addColumn('amount', 'bigint', (column) => column.notNull())
    .addColumn('rest', 'bigint', (column) => column.notNull())
    .addColumn('settled_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('credit_payments_number', ['serial', 'number'])
    .execute();
}
