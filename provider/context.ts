/** What every part of the provider works with: its tables, its key, the way to the authority, the time. */

import { type Dialect, Kysely, type Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { Crypto, KeyPair } from '#protocol/crypto';
import type { Reconciliation } from '#protocol/http/reconciliation';
import { providerMigrations } from './migrations.ts';
import type { ProviderTables } from './tables.ts';

/**
 * The authority as the provider sees it, near or far. Every question may be asked again and is answered alike.
 * Each method throws an Error where there is no answer, or a refusal: the message is told to the operator.
 */
export interface AuthorityLink {
  /** The certificates of all its keys, the first one first. */
  authorityKeys(
    asked: Record<never, never>,
  ): Promise<{ readonly certificates: readonly Uint8Array[] }>;
  /** Has value issued. */
  answerValueRequest(request: {
    readonly request: Uint8Array;
  }): Promise<{ readonly issue: Uint8Array }>;
  /** The certificate with a serial number. */
  certificate(which: { readonly serial: number }): Promise<{ readonly certificate: Uint8Array }>;
  /** The latest licence of a meter. */
  licence(which: { readonly meterId: Uint8Array }): Promise<{ readonly licence: Uint8Array }>;
  /** The certificates of the device key of a meter behind a serial, the earliest first. */
  deviceCertificates(which: {
    readonly meterId: Uint8Array;
    readonly after: number;
  }): Promise<{ readonly certificates: readonly Uint8Array[] }>;
  /** The latest order to a meter. */
  lockOrder(which: {
    readonly meterId: Uint8Array;
  }): Promise<{ readonly order?: Uint8Array | undefined }>;
  /** Has spoiled pieces judged, and their value issued. */
  answerSpoilageRequest(request: {
    readonly request: Uint8Array;
  }): Promise<{ readonly answer: Uint8Array }>;
  /** Tells of a withdrawal that was proved. */
  takeWithdrawal(proof: { readonly report: Uint8Array }): Promise<{ readonly order: Uint8Array }>;
  /** Tells what moved, and has the books compared. */
  takeBatch(batch: { readonly batch: Uint8Array }): Promise<Reconciliation>;
}

export interface ProviderOptions {
  /** The data base, which the provider opens, migrates and closes. */
  readonly dialect: Dialect;
  readonly crypto: Crypto;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now: () => number;
  /** The provider key, which the authority has certified; the caller stores it. */
  readonly keys: KeyPair;
  /** The number under which the authority knows this provider. */
  readonly providerId: number;
  /** 33 bytes; what value issues and the certificates of meters are checked with, or what leads to the key of today. */
  readonly authorityKey: Uint8Array;
  readonly authority: AuthorityLink;
  /** How many days after its date of mailing a spoiled piece may be claimed; 60 where left out (domain.md R21). */
  readonly spoilageDays?: number | undefined;
}

export interface ProviderContext extends Omit<ProviderOptions, 'dialect'> {
  readonly db: Kysely<ProviderTables>;
}

/** A connection that has begun a transaction. */
export type ProviderTransaction = Transaction<ProviderTables>;

/** @throws Error where the data base cannot be opened or brought to the newest tables */
export async function openContext(options: ProviderOptions): Promise<ProviderContext> {
  const { dialect, ...rest } = options;
  const db = new Kysely<ProviderTables>({ dialect });
  const provider = { getMigrations: async () => ({ ...providerMigrations }) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) {
    await db.destroy();
    throw new Error("the provider's data base cannot be brought up to date", { cause: error });
  }
  return { ...rest, db };
}

/** The next number of a kind, from 1; the transaction holds the counter until it ends, so that none is given twice. */
export async function nextNumber(
  trx: ProviderTransaction,
  name: 'customer' | 'finding' | 'claim' | 'credit',
): Promise<number> {
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
