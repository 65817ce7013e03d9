/** The provider in the explorer: the real functions on a real data base, whose rows can be taken and put back. */

import { openDatabase } from '#cli/database';
import { nodeCrypto } from '#driver/node-crypto';
import type { Outcome } from '#protocol/http/refusal';
import { mills } from '#protocol/mills';
import { type AuthorityLink, openContext, type ProviderContext } from '#provider/context';
import { openAccount } from '#provider/customers';
import { enrolMeter } from '#provider/meters';
import { payIn } from '#provider/payments';
import { refill } from '#provider/refill';
import { withdraw } from '#provider/withdrawal';
import { proveWithdrawal } from '#provider/withdrawal-proof';
import type { Givens } from './givens.ts';
import type { Document, ProviderTakes } from './line.ts';

/** The tables that money moves through, and those that point at them; what others point at comes first. */
const tables = [
  'counters',
  'pool',
  'customers',
  'payments',
  'transactions',
  'meters',
  'refills',
  'withdrawals',
  'movements',
  'transaction_log',
  'transaction_log_head',
  'findings',
] as const;
type Row = Readonly<Record<string, unknown>>;
export type Rows = Readonly<Record<(typeof tables)[number], readonly Row[]>>;

/** The books as far as money is in them. */
export interface Books {
  /** Into all registers of the meter together, and what all refills that were answered say. */
  readonly moved: number;
  readonly authorised: number;
  /** Of that, what came back for spoiled pieces. */
  readonly spoilage: number;
  /** What left the pool, and what the account paid or owes. */
  readonly fromPool: number;
  readonly paid: number;
  /** What came back, by the books of the meter, of the account and of the pool. */
  readonly withdrawn: number;
  readonly returned: number;
  readonly refunded: number;
  readonly isAgreed: boolean;
}

export interface Funds {
  /** What the customer has: the last refill is declined where it is not enough. */
  readonly balance: number;
  /** How much of a settlement is billed. */
  readonly creditMax: number;
  /** What was approved for spoiled pieces. */
  readonly spoilage: number;
}

/** A document, nothing but success, or the name of the refusal. */
export type Reply = Document | 'done' | { readonly refused: string };

/** The provider stopped in the middle of an answer, which nothing that a host sends may lead to. */
export class ProviderFailed extends Error {}

export interface ProviderSide extends AsyncDisposable {
  answer(receiver: ProviderTakes, bytes: Uint8Array): Promise<Reply>;
  take(): Promise<Rows>;
  put(rows: Rows): Promise<void>;
}

const POOL = 1_000_000;

function must<T>(outcome: Outcome<T, string>): T {
  if (!outcome.ok) throw new Error(`the provider refuses: ${outcome.error}`);
  return outcome.value;
}

export function booksOf(rows: Rows, funds: Funds): Books {
  const sum = (of: readonly Row[], ...columns: readonly string[]): number =>
    of.reduce((all, row) => columns.reduce((one, name) => one + Number(row[name]), all), 0);
  const { pool, customers, meters, refills, withdrawals } = rows;
  return {
    moved: sum(meters, 'credited', 'certificate_credited', 'spoilage_credited', 'settled'),
    authorised: sum(refills, 'amount'),
    spoilage: sum(meters, 'spoilage_credited'),
    fromPool: POOL + funds.spoilage - sum(pool, 'descending', 'spoilage'),
    paid: sum(customers, 'paid_in', 'owed', 'returned') - sum(customers, 'balance'),
    withdrawn: sum(meters, 'withdrawn', 'certificate_withdrawn'),
    returned: sum(customers, 'returned'),
    refunded: sum(pool, 'refunded'),
    isAgreed: withdrawals.some((row) => row['verdict'] === 'agreed'),
  };
}

/** Nobody else is there to be asked; the provider goes on with what it knows. */
const farAway = (): Promise<never> => Promise.reject(new Error('the authority does not answer'));
const noAuthority: AuthorityLink = {
  authorityKeys: farAway,
  answerValueRequest: farAway,
  certificate: farAway,
  licence: farAway,
  deviceCertificates: farAway,
  lockOrder: farAway,
  answerSpoilageRequest: farAway,
  takeWithdrawal: farAway,
  takeBatch: farAway,
};

async function openProvider(givens: Givens, funds: Funds): Promise<ProviderContext> {
  const { providerKeys, authorityKey, certificate, timeMs } = givens;
  const { balance, creditMax, spoilage } = funds;
  const context = await openContext({
    dialect: openDatabase('sqlite::memory:'),
    crypto: nodeCrypto,
    now: () => timeMs,
    keys: providerKeys,
    providerId: 1,
    authorityKey,
    authority: noAuthority,
  });
  const { db } = context;
  await db.updateTable('pool').set({ descending: POOL, spoilage }).execute();
  const applicant = { name: 'Customer', creditMax: mills(creditMax) };
  const { customerId } = must(await openAccount(context, applicant));
  const requestId = new Uint8Array(16);
  if (balance > 0) must(await payIn(context, { customerId, requestId, amount: mills(balance) }));
  must(await enrolMeter(context, { customerId, certificate }));
  await db.updateTable('meters').set({ spoilage_approved: spoilage }).execute();
  return context;
}

export async function openProviderSide(givens: Givens, funds: Funds): Promise<ProviderSide> {
  const context = await openProvider(givens, funds);
  const { db } = context;

  async function answer(receiver: ProviderTakes, bytes: Uint8Array): Promise<Reply> {
    switch (receiver) {
      case 'refillRequest': {
        const outcome = await refill(context, { request: bytes });
        if (!outcome.ok) return { refused: outcome.error };
        return { kind: 'authorisation', bytes: outcome.value.authorisation };
      }
      case 'offer': {
        const outcome = await withdraw(context, { request: bytes });
        if (!outcome.ok) return { refused: outcome.error };
        return { kind: 'agreement', bytes: outcome.value.authorisation };
      }
      case 'proof': {
        const outcome = await proveWithdrawal(context, { report: bytes });
        return outcome.ok ? 'done' : { refused: outcome.error };
      }
    }
  }

  return {
    async answer(receiver, bytes) {
      try {
        return await answer(receiver, bytes);
      } catch (cause) {
        throw new ProviderFailed(cause instanceof Error ? cause.message : '', { cause });
      }
    },
    async take() {
      const all = await Promise.all(
        tables.map((name) => db.selectFrom(name).selectAll().execute()),
      );
      return Object.fromEntries(tables.map((name, at) => [name, all[at]])) as unknown as Rows;
    },
    async put(rows) {
      await db.transaction().execute(async (trx) => {
        for (const name of [...tables].reverse()) await trx.deleteFrom(name).execute();
        for (const name of tables)
          if (rows[name].length > 0)
            await trx
              .insertInto(name)
              .values(rows[name] as never)
              .execute();
      });
    },
    async [Symbol.asyncDispose]() {
      await db.destroy();
    },
  };
}
