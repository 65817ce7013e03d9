/** How the tables came to be, step by step; a step that was released is never changed. */

import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const authorityMigrations: Readonly<Record<string, Migration>> = {
  '0001-first': {
    async up(db: Kysely<unknown>) {
      await createIdentities(db);
      await createValue(db);
      await createInspections(db);
      await createEvidence(db);
    },
  },
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
