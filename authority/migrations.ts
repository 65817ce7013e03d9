/** How the tables came to be, step by step; a step that was released is never changed. */

import { type ColumnDefinitionBuilder, type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { LOG_CHAIN_SIZE } from '#protocol/documents/security-log';
import { createUserCertificates } from './migrations/user-certificates.ts';

export const authorityMigrations: Readonly<Record<string, Migration>> = {
  '0001-first': {
    async up(db: Kysely<unknown>) {
      await createIdentities(db);
      await createValue(db);
      await createInspections(db);
      await createEvidence(db);
    },
  },
  '0002-value': {
    async up(db: Kysely<unknown>) {
      await extendMeters(db);
      await extendInspections(db);
      await createOrders(db);
      await createRefunds(db);
      await createRedates(db);
      await createBatches(db);
    },
  },
  '0003-device-keys': {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('meters').addColumn('device_serial', 'bigint').execute();
    },
  },
  '0004-user-certificates': { up: createUserCertificates },
};

async function createIdentities(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('counters')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('value', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('certificates')
    .addColumn('serial', 'bigint', (column) => column.primaryKey())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('usage', 'text', (column) => column.notNull())
    .addColumn('public_key', 'bytea', (column) => column.notNull())
    .addColumn('certificate', 'bytea', (column) => column.notNull())
    .addColumn('issued_ms', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('certificates_key', ['subject', 'usage', 'public_key'])
    .execute();
  await db.schema
    .createTable('meters')
    .addColumn('meter_id', 'text', (column) => column.primaryKey())
    .addColumn('licence_sequence', 'bigint', (column) => column.notNull())
    .addColumn('made_ms', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('licences')
    .addColumn('licence_number', 'bigint', (column) => column.primaryKey())
    .addColumn('meter_id', 'text', (column) => column.notNull().references('meters.meter_id'))
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('licence', 'bytea', (column) => column.notNull())
    .addColumn('issued_ms', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('licences_sequence', ['meter_id', 'sequence'])
    .execute();
  await db.schema
    .createTable('rate_tables')
    .addColumn('version', 'bigint', (column) => column.primaryKey())
    .addColumn('valid_from', 'integer', (column) => column.notNull())
    .addColumn('valid_to', 'integer', (column) => column.notNull())
    .addColumn('rate_table', 'bytea', (column) => column.notNull())
    .addColumn('issued_ms', 'bigint', (column) => column.notNull())
    .execute();
}

async function createValue(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('providers')
    .addColumn('provider_id', 'bigint', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('public_key', 'bytea', (column) => column.notNull().unique())
    .addColumn('certificate', 'bytea', (column) => column.notNull())
    .addColumn('issued_total', 'bigint', (column) => column.notNull())
    .addColumn('issue_sequence', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('value_issues')
    .addColumn('provider_id', 'bigint', (column) =>
      column.notNull().references('providers.provider_id'),
    )
    .addColumn('request_id', 'bytea', (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('amount', 'bigint', (column) => column.notNull())
    .addColumn('issue', 'bytea', (column) => column.notNull())
    .addPrimaryKeyConstraint('value_issues_request', ['provider_id', 'request_id'])
    .addUniqueConstraint('value_issues_sequence', ['provider_id', 'sequence'])
    .execute();
}

async function createInspections(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('challenges')
    .addColumn('challenge', 'bytea', (column) => column.primaryKey())
    .addColumn('meter_id', 'text', (column) => column.notNull().references('meters.meter_id'))
    .addColumn('asked_ms', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('status_reports')
    .addColumn('challenge', 'bytea', (column) =>
      column.primaryKey().references('challenges.challenge'),
    )
    .addColumn('meter_id', 'text', (column) => column.notNull().references('meters.meter_id'))
    .addColumn('journal_sequence', 'bigint', (column) => column.notNull())
    .addColumn('report', 'bytea', (column) => column.notNull())
    .addColumn('checks', 'text', (column) => column.notNull())
    .addColumn('received_ms', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('status_reports_meter')
    .on('status_reports')
    .columns(['meter_id', 'journal_sequence'])
    .execute();
}

async function createEvidence(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('sightings')
    .addColumn('meter_id', 'text', (column) => column.notNull())
    .addColumn('piece_count', 'bigint', (column) => column.notNull())
    .addColumn('core', 'bytea', (column) => column.notNull())
    .addColumn('first_seen_ms', 'bigint', (column) => column.notNull())
    .addColumn('times_seen', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('sightings_piece', ['meter_id', 'piece_count'])
    .execute();
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

async function extendMeters(db: Kysely<unknown>): Promise<void> {
  const meters = db.schema.alterTable('meters');
  await meters.addColumn('provider_id', 'bigint').execute();
  await meters.addColumn('account_kind', 'text').execute();
  await meters.addColumn('warn_hours', 'integer').execute();
  await meters.addColumn('lock_hours', 'integer').execute();
  await meters.addColumn('contact_ms', 'bigint').execute();
  await meters.addColumn('report_ms', 'bigint').execute();
  await meters.addColumn('lock_sequence', 'bigint', fromZero).execute();
  await meters.addColumn('lock_action', 'text').execute();
  await meters.addColumn('log_count', 'bigint', fromZero).execute();
  await meters.addColumn('log_head', 'bytea').execute();
  await sql`update meters set log_head = ${new Uint8Array(LOG_CHAIN_SIZE)}`.execute(db);
  await meters.addColumn('spoilage_refunded', 'bigint', fromZero).execute();
  await meters.addColumn('withdrawal', 'bytea').execute();
  const providers = db.schema.alterTable('providers');
  await providers.addColumn('spoilage_total', 'bigint', fromZero).execute();
  await providers.addColumn('withdrawn_total', 'bigint', fromZero).execute();
}

const fromZero = (column: ColumnDefinitionBuilder) => column.notNull().defaultTo(0);

async function extendInspections(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('challenges').addColumn('number', 'bigint', fromZero).execute();
  const reports = db.schema.alterTable('status_reports');
  await reports.addColumn('number', 'bigint', fromZero).execute();
  await reports.addColumn('acknowledgement', 'bytea').execute();
  await db.schema
    .createTable('log_records')
    .addColumn('meter_id', 'text', (column) => column.notNull().references('meters.meter_id'))
    .addColumn('count', 'bigint', (column) => column.notNull())
    .addColumn('record', 'bytea', (column) => column.notNull())
    .addColumn('received_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('log_records_count', ['meter_id', 'count'])
    .execute();
}

async function createOrders(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('lock_orders')
    .addColumn('meter_id', 'text', (column) => column.notNull().references('meters.meter_id'))
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('document', 'bytea', (column) => column.notNull())
    .addColumn('cause', 'text', (column) => column.notNull())
    .addColumn('ordered_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('lock_orders_sequence', ['meter_id', 'sequence'])
    .execute();
}

async function createRefunds(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('spoilage_answers')
    .addColumn('provider_id', 'bigint', (column) =>
      column.notNull().references('providers.provider_id'),
    )
    .addColumn('request_id', 'bytea', (column) => column.notNull())
    .addColumn('request', 'bytea', (column) => column.notNull())
    .addColumn('answer', 'bytea', (column) => column.notNull())
    .addColumn('amount', 'bigint', (column) => column.notNull())
    .addColumn('sequence', 'bigint')
    .addPrimaryKeyConstraint('spoilage_answers_request', ['provider_id', 'request_id'])
    .execute();
  await db.schema
    .createTable('refunds')
    .addColumn('meter_id', 'text', (column) => column.notNull().references('meters.meter_id'))
    .addColumn('piece_count', 'bigint', (column) => column.notNull())
    .addColumn('amount', 'bigint', (column) => column.notNull())
    .addColumn('refunded_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('refunds_piece', ['meter_id', 'piece_count'])
    .execute();
}

async function createRedates(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('redates')
    .addColumn('meter_id', 'text', (column) => column.notNull().references('meters.meter_id'))
    .addColumn('piece_count', 'bigint', (column) => column.notNull())
    .addColumn('original', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('redates_piece', ['meter_id', 'piece_count'])
    .execute();
  await db.schema
    .createIndex('redates_original')
    .on('redates')
    .columns(['meter_id', 'original'])
    .execute();
}

async function createBatches(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('batches')
    .addColumn('provider_id', 'bigint', (column) =>
      column.notNull().references('providers.provider_id'),
    )
    .addColumn('number', 'bigint', (column) => column.notNull())
    .addColumn('batch', 'bytea', (column) => column.notNull())
    .addColumn('received_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('batches_number', ['provider_id', 'number'])
    .execute();
  await db.schema
    .createTable('movements')
    .addColumn('meter_id', 'text', (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('provider_id', 'bigint', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('amount', 'bigint', (column) => column.notNull())
    .addColumn('time_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('movements_sequence', ['meter_id', 'sequence'])
    .execute();
  await db.schema.createIndex('movements_provider').on('movements').column('provider_id').execute();
}
