/** The tables of digital tokens. */

import type { Kysely } from 'kysely';

export async function createTokens(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('token_keys')
    .addColumn('request', 'bytea', (column) => column.primaryKey())
    .addColumn('meter_id', 'text', (column) => column.notNull().references('meters.meter_id'))
    .addColumn('model', 'integer', (column) => column.notNull())
    .addColumn('serial', 'bigint', (column) => column.notNull())
    .addColumn('keys', 'bytea', (column) => column.notNull())
    .addColumn('issued_ms', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('token_keys_name')
    .on('token_keys')
    .columns(['model', 'serial'])
    .execute();
  await db.schema
    .createTable('lite_sightings')
    .addColumn('meter_id', 'text', (column) => column.notNull().references('meters.meter_id'))
    .addColumn('piece_count', 'bigint', (column) => column.notNull())
    .addColumn('indicium', 'bytea', (column) => column.notNull())
    .addColumn('first_seen_ms', 'bigint', (column) => column.notNull())
    .addColumn('times_seen', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('lite_sightings_piece', ['meter_id', 'piece_count'])
    .execute();
}
