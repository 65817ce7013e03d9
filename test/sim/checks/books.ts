/** The books of provider and authority, read from their data bases as an auditor would, past their own code. */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { World } from '../world.ts';

/** What the provider has credited to a meter, and how. */
export interface MeterBook {
  readonly customerId: number;
  readonly credited: number;
  readonly certificateCredited: number;
  readonly spoilageCredited: number;
  readonly settled: number;
  /** Of both registers, by the proof of the meter. */
  readonly withdrawn: number;
  readonly refills: readonly RefillRow[];
}

export interface RefillRow {
  readonly sequence: number;
  readonly kind: 'purchase' | 'spoilage' | 'settlement';
  readonly account: 'postal' | 'certificate';
  readonly amount: number;
}

export interface AccountBook {
  readonly balance: number;
  readonly paidIn: number;
  readonly returned: number;
  readonly owed: number;
  /** Sums of the transactions of each kind. */
  readonly payments: number;
  readonly purchases: number;
  readonly settlements: number;
  readonly withdrawals: number;
  /** As the last transaction has it. */
  readonly lastBalance: number;
}

export interface Books {
  /** The sum of all issues of value, and what the authority has in one number. */
  readonly issued: number;
  readonly issuedTotal: number;
  /** Of them, what the provider has no answer for yet. */
  readonly issuesInFlight: number;
  readonly pool: {
    readonly ascending: number;
    readonly descending: number;
    readonly spoilage: number;
    readonly refunded: number;
  };
  /** By meter, as `TS01-0000000042`. */
  readonly meters: ReadonlyMap<string, MeterBook>;
  /** By customer. */
  readonly accounts: ReadonlyMap<number, AccountBook>;
}

const prepared = new WeakMap<DatabaseSync, Map<string, StatementSync>>();

function rows<T>(database: DatabaseSync, sql: string): T[] {
  const statements = prepared.get(database) ?? new Map<string, StatementSync>();
  prepared.set(database, statements);
  const statement = statements.get(sql) ?? database.prepare(sql);
  statements.set(sql, statement);
  return statement.all() as T[];
}

const sumOf = (column: string, from: string): string =>
  `(select coalesce(sum(${column}), 0) from ${from})`;

/** @throws Error where a transaction is under way: between two events none is */
export function readBooks({ authority, provider }: World): Books {
  if (authority.database.isTransaction || provider.database.isTransaction)
    throw new Error('books are read between transactions');
  const [totals] = rows<Pick<Books, 'issued' | 'issuedTotal'>>(
    authority.database,
    `select ${sumOf('amount', 'value_issues')} + ${sumOf('amount', 'spoilage_answers')} issued,
       ${sumOf('issued_total', 'providers')} issuedTotal`,
  );
  const [known] = rows<Books['pool'] & { readonly answered: number }>(
    provider.database,
    `select ascending, descending, spoilage, refunded,
       ${sumOf('amount', 'purchases where issue is not null')}
         + ${sumOf('approved', 'claims where answer is not null')} answered from pool`,
  );
  if (totals === undefined || known === undefined) throw new Error('a book is empty');
  const { answered, ...pool } = known;
  return {
    ...totals,
    issuesInFlight: totals.issued - answered,
    pool,
    meters: readMeters(provider.database),
    accounts: readAccounts(provider.database),
  };
}

function readMeters(database: DatabaseSync): Map<string, MeterBook> {
  const refills = rows<RefillRow & { readonly meter: string }>(
    database,
    'select meter_id meter, sequence, kind, account, amount from refills',
  );
  const meters = rows<Omit<MeterBook, 'refills'> & { readonly meter: string }>(
    database,
    `select meter_id meter, customer_id customerId, credited, certificate_credited certificateCredited,
       spoilage_credited spoilageCredited, settled, withdrawn + certificate_withdrawn withdrawn
     from meters`,
  );
  return new Map(
    meters.map(({ meter, ...book }) => [
      meter,
      { ...book, refills: refills.filter((refill) => refill.meter === meter) },
    ]),
  );
}

const ofKind = (kind: string): string =>
  `coalesce(sum(case when t.kind = '${kind}' then t.amount end), 0)`;

function readAccounts(database: DatabaseSync): Map<number, AccountBook> {
  const accounts = rows<AccountBook & { readonly customerId: number }>(
    database,
    `select c.customer_id customerId, c.balance balance, c.paid_in paidIn, c.returned returned,
       c.owed owed, ${ofKind('payment')} payments, ${ofKind('purchase')} purchases,
       ${ofKind('settlement')} settlements, ${ofKind('withdrawal')} withdrawals,
       coalesce((select balance_after from transactions l where l.customer_id = c.customer_id
         order by place desc limit 1), 0) lastBalance
     from customers c left join transactions t on t.customer_id = c.customer_id
     group by c.customer_id`,
  );
  return new Map(accounts.map(({ customerId, ...account }) => [customerId, account]));
}
