/** The tables of certificates for keys in meters (requirements.md D4, D5, G8). */

import type { Kysely } from 'kysely';

export async function createUserCertificates(db: Kysely<unknown>): Promise<void> {
  await createRoots(db);
  await createKeyRequests(db);
  await createRevocations(db);
}

async function createRoots(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('roots')
    .addColumn('public_key', 'bytea', (column) => column.primaryKey())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('certificate', 'bytea', (column) => column.notNull())
    .addColumn('status_certificate', 'bytea')
    .addColumn('made_ms', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('crls')
    .addColumn('number', 'bigint', (column) => column.primaryKey())
    .addColumn('root_key', 'bytea', (column) => column.notNull().references('roots.public_key'))
    .addColumn('crl', 'bytea', (column) => column.notNull())
    .addColumn('entries', 'bigint', (column) => column.notNull())
    .addColumn('this_ms', 'bigint', (column) => column.notNull())
    .execute();
}

async function createKeyRequests(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('key_requests')
    .addColumn('number', 'bigint', (column) => column.primaryKey())
    .addColumn('meter_id', 'text', (column) => column.notNull().references('meters.meter_id'))
    .addColumn('key_number', 'bigint', (column) => column.notNull())
    .addColumn('public_key', 'bytea', (column) => column.notNull().unique())
    .addColumn('uses', 'text', (column) => column.notNull())
    .addColumn('organization', 'text', (column) => column.notNull())
    .addColumn('common_name', 'text', (column) => column.notNull())
    .addColumn('organization_look', 'text', (column) => column.notNull())
    .addColumn('name_look', 'text', (column) => column.notNull())
    .addColumn('request', 'bytea', (column) => column.notNull())
    .addColumn('csr', 'bytea', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('decided_by', 'text')
    .addColumn('asked_ms', 'bigint', (column) => column.notNull())
    .addColumn('decided_ms', 'bigint')
    .addUniqueConstraint('key_requests_key', ['meter_id', 'key_number'])
    .execute();
  for (const look of ['organization_look', 'name_look'] as const)
    await db.schema.createIndex(`key_requests_${look}`).on('key_requests').column(look).execute();
  await db.schema
    .createTable('user_certificates')
    .addColumn('serial', 'text', (column) => column.primaryKey())
    .addColumn('request_number', 'bigint', (column) =>
      column.notNull().unique().references('key_requests.number'),
    )
    .addColumn('root_key', 'bytea', (column) => column.notNull().references('roots.public_key'))
    .addColumn('certificate', 'bytea', (column) => column.notNull())
    .addColumn('grant_document', 'bytea', (column) => column.notNull())
    .addColumn('valid_from', 'integer', (column) => column.notNull())
    .addColumn('valid_to', 'integer', (column) => column.notNull())
    .addColumn('issued_ms', 'bigint', (column) => column.notNull())
    .execute();
}

async function createRevocations(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('revocations')
    .addColumn('serial', 'text', (column) =>
      column.primaryKey().references('user_certificates.serial'),
    )
    .addColumn('meter_id', 'text', (column) => column.notNull().references('meters.meter_id'))
    .addColumn('key_number', 'bigint', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('is_forced', 'bigint', (column) => column.notNull())
    .addColumn('is_charged', 'bigint', (column) => column.notNull())
    .addColumn('cause', 'text', (column) => column.notNull())
    .addColumn('request', 'bytea')
    .addColumn('order_document', 'bytea', (column) => column.notNull())
    .addColumn('order_anew', 'bytea')
    .addColumn('ordered_ms', 'bigint', (column) => column.notNull())
    .addColumn('confirmation', 'bytea')
    .addColumn('confirmed_ms', 'bigint')
    .addColumn('destroyed_ms', 'bigint')
    .addColumn('paid', 'bigint')
    .addColumn('due', 'bigint')
    .addUniqueConstraint('revocations_key', ['meter_id', 'key_number'])
    .execute();
}
