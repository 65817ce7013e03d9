/** What every part of the authority works with: its tables, its key, the time. */

import { type Dialect, Kysely, type Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import { equalBytes } from '#protocol/bytes';
import type { Crypto, KeyPair } from '#protocol/crypto';
import {
  type AuthorityKeys,
  authorityKeysFrom,
  currentKey,
  isWholeChain,
} from '#protocol/documents/authority-chain';
import { authorityMigrations } from './migrations.ts';
import type { AuthorityTables } from './tables.ts';
import type { CertificateRule } from './user-keys/rules.ts';

export interface AuthorityOptions {
  /** The data base, which the authority opens, migrates and closes. */
  readonly dialect: Dialect;
  readonly crypto: Crypto;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now: () => number;
  /** The authority key; the caller stores it. */
  readonly keys: KeyPair;
  /** Certificates of all authority keys, the first one first; none where it was made before there were any. */
  readonly authorityKeys?: readonly Uint8Array[] | undefined;
  /** What of the requests for certificates needs no operator; {@link defaultRules} unless given. */
  readonly certificateRules?: readonly CertificateRule[] | undefined;
  /** Where the world reaches this authority, as it stands in certificates; they name no place unless given. */
  readonly publicUrl?: string | undefined;
}

export interface AuthorityContext extends Omit<AuthorityOptions, 'dialect'> {
  readonly db: Kysely<AuthorityTables>;
  readonly authorityKeys: readonly Uint8Array[];
  /** What they prove; the last one is the key above. */
  readonly keysInTime: AuthorityKeys;
}

/** A connection that has begun a transaction. */
export type AuthorityTransaction = Transaction<AuthorityTables>;

/** @throws Error where the certificates do not lead to the key, or the data base cannot be opened or brought to the newest tables */
export async function openContext(options: AuthorityOptions): Promise<AuthorityContext> {
  const { dialect, authorityKeys = [], ...rest } = options;
  const { crypto, keys } = rest;
  const keysInTime = authorityKeysFrom(crypto, keys.publicKey, authorityKeys);
  if (authorityKeys.length > 0 && !isWholeChain(keysInTime, authorityKeys))
    throw new Error('the certificates of the authority keys do not lead to the key of today');
  if (!equalBytes(currentKey(keysInTime).publicKey, keys.publicKey))
    throw new Error('the authority key is one of an earlier day');
  const db = new Kysely<AuthorityTables>({ dialect });
  const provider = { getMigrations: async () => ({ ...authorityMigrations }) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) {
    await db.destroy();
    throw new Error("the authority's data base cannot be brought up to date", { cause: error });
  }
  return { ...rest, db, authorityKeys, keysInTime };
}

export type CounterName =
  | 'certificate'
  | 'crl'
  | 'finding'
  | 'inspection'
  | 'keyRequest'
  | 'licence'
  | 'provider'
  | 'rateTable'
  | `meter ${string}`;

/** The next number of a kind, from 1; the transaction holds the counter until it ends, so that none is given twice. */
export async function nextNumber(trx: AuthorityTransaction, name: CounterName): Promise<number> {
  const { value } = await trx
    .insertInto('counters')
    .values({ name, value: 1 })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet((eb) => ({ value: eb('counters.value', '+', 1) })),
    )
    .returning('value')
    .executeTakeFirstOrThrow();
  return value;
}
