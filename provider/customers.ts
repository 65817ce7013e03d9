/** Customers: their accounts, what they paid in, and every transaction with its receipt number (requirements.md G2, G5). */

import { formatMeterId, parseMeterId } from '#protocol/documents/meter-id';
import { MILLS_MAX, type Mills, mills } from '#protocol/mills';
import { nextNumber, type ProviderContext, type ProviderTransaction } from './context.ts';
import { type ProviderOutcome, refuseBecause } from './refusals.ts';
import type { TransactionKind } from './tables.ts';

/** Receipt numbers of a customer run from 1 to this and begin again at 1 (domain.md R39). */
export const RECEIPT_NUMBER_MAX = 10_000;

/** @param place 1 for the first transaction of a customer, 2 for the second, without end */
export function receiptNumber(place: number): number {
  return ((place - 1) % RECEIPT_NUMBER_MAX) + 1;
}

export interface Customer {
  readonly name: string;
  readonly isClosed: boolean;
  readonly balance: Mills;
  /** Everything ever paid in. */
  readonly paidIn: Mills;
}

export async function openAccount(
  { db }: ProviderContext,
  { name }: { readonly name: string },
): Promise<ProviderOutcome<{ readonly customerId: number }>> {
  return db.transaction().execute(async (trx) => {
    const customerId = await nextNumber(trx, 'customer');
    await trx
      .insertInto('customers')
      .values({
        customer_id: customerId,
        name,
        is_closed: 0,
        balance: 0,
        paid_in: 0,
        transactions: 0,
      })
      .execute();
    return { ok: true, value: { customerId } };
  });
}

/** Closes an account: its meters get no more value. What is on it stays on record. */
export async function closeAccount(
  { db }: ProviderContext,
  { customerId }: { readonly customerId: number },
): Promise<ProviderOutcome<Record<never, never>>> {
  const { numUpdatedRows } = await db
    .updateTable('customers')
    .set({ is_closed: 1 })
    .where('customer_id', '=', customerId)
    .executeTakeFirst();
  return numUpdatedRows === 1n ? { ok: true, value: {} } : refuseBecause('customerUnknown');
}

export async function readCustomer(
  { db }: Pick<ProviderContext, 'db'>,
  { customerId }: { readonly customerId: number },
): Promise<ProviderOutcome<Customer>> {
  const row = await db
    .selectFrom('customers')
    .selectAll()
    .where('customer_id', '=', customerId)
    .executeTakeFirst();
  if (row === undefined) return refuseBecause('customerUnknown');
  const { name, is_closed, balance, paid_in } = row;
  const value = {
    name,
    isClosed: is_closed === 1,
    balance: mills(balance),
    paidIn: mills(paid_in),
  };
  return { ok: true, value };
}

export interface Payment {
  readonly customerId: number;
  /** Sixteen bytes; the same payment carries the same ones. */
  readonly requestId: Uint8Array;
  readonly amount: Mills;
}

/** Credits a payment to an account, once for each request id. */
export async function payIn(
  { db, now }: ProviderContext,
  { customerId, requestId, amount }: Payment,
): Promise<ProviderOutcome<{ readonly receiptNumber: number }>> {
  return db.transaction().execute(async (trx) => {
    if ((await lockCustomer(trx, customerId)) === undefined)
      return refuseBecause('customerUnknown');
    const known = await trx
      .selectFrom('payments')
      .select(['amount', 'place'])
      .where('customer_id', '=', customerId)
      .where('request_id', '=', requestId)
      .executeTakeFirst();
    if (known !== undefined)
      return known.amount === amount
        ? { ok: true, value: { receiptNumber: receiptNumber(known.place) } }
        : refuseBecause('requestIdReused');
    const { numUpdatedRows } = await trx
      .updateTable('customers')
      .set((eb) => ({
        balance: eb('balance', '+', amount),
        paid_in: eb('paid_in', '+', amount),
      }))
      .where('customer_id', '=', customerId)
      .where('paid_in', '<=', MILLS_MAX - amount)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return refuseBecause('amountTooLarge');
    const place = await bookTransaction(trx, {
      customerId,
      kind: 'payment',
      amount,
      timeMs: now(),
    });
    await trx
      .insertInto('payments')
      .values({ customer_id: customerId, request_id: requestId, amount, place })
      .execute();
    return { ok: true, value: { receiptNumber: receiptNumber(place) } };
  });
}

/**
 * Holds a customer until the transaction ends: writing a row locks it on every data base.
 * @returns undefined where there is no such customer
 */
export async function lockCustomer(
  trx: ProviderTransaction,
  customerId: number,
): Promise<Pick<Customer, 'isClosed' | 'balance'> | undefined> {
  const row = await trx
    .updateTable('customers')
    .set((eb) => ({ transactions: eb.ref('transactions') }))
    .where('customer_id', '=', customerId)
    .returning(['is_closed', 'balance'])
    .executeTakeFirst();
  return row && { isClosed: row.is_closed === 1, balance: mills(row.balance) };
}

/** Takes money off an account that is held and has it. @throws Error where it has not: a bug of the caller */
export async function charge(
  trx: ProviderTransaction,
  customerId: number,
  amount: Mills,
): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('customers')
    .set((eb) => ({ balance: eb('balance', '-', amount) }))
    .where('customer_id', '=', customerId)
    .where('balance', '>=', amount)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new Error('an account was to be charged with more than it has');
}

interface Booking {
  readonly customerId: number;
  readonly kind: TransactionKind;
  readonly amount: Mills;
  readonly meterId?: Uint8Array;
  readonly timeMs: number;
}

/** Writes a transaction on record, after its amount has moved. @returns its place among those of the customer */
export async function bookTransaction(
  trx: ProviderTransaction,
  { customerId, kind, amount, meterId, timeMs }: Booking,
): Promise<number> {
  const { transactions: place, balance } = await trx
    .updateTable('customers')
    .set((eb) => ({ transactions: eb('transactions', '+', 1) }))
    .where('customer_id', '=', customerId)
    .returning(['transactions', 'balance'])
    .executeTakeFirstOrThrow();
  await trx
    .insertInto('transactions')
    .values({
      customer_id: customerId,
      place,
      kind,
      amount,
      balance_after: balance,
      meter_id: meterId === undefined ? null : formatMeterId(meterId),
      time_ms: timeMs,
    })
    .execute();
  return place;
}

export interface BookedTransaction {
  readonly place: number;
  readonly receiptNumber: number;
  readonly kind: TransactionKind;
  readonly amount: Mills;
  readonly balanceAfter: Mills;
  readonly meterId: Uint8Array | undefined;
  readonly timeMs: number;
}

/** At most so many transactions in one answer. */
export const TRANSACTIONS_LIMIT = 100;

/** The transactions of a customer after a place, the oldest first; 0 for the first ones. */
export async function listTransactions(
  { db }: ProviderContext,
  { customerId, after }: { readonly customerId: number; readonly after: number },
): Promise<ProviderOutcome<{ readonly transactions: readonly BookedTransaction[] }>> {
  const customer = await readCustomer({ db }, { customerId });
  if (!customer.ok) return customer;
  const rows = await db
    .selectFrom('transactions')
    .selectAll()
    .where('customer_id', '=', customerId)
    .where('place', '>', after)
    .orderBy('place')
    .limit(TRANSACTIONS_LIMIT)
    .execute();
  const transactions = rows.map((row) => ({
    place: row.place,
    receiptNumber: receiptNumber(row.place),
    kind: row.kind,
    amount: mills(row.amount),
    balanceAfter: mills(row.balance_after),
    meterId: row.meter_id === null ? undefined : parseMeterId(row.meter_id),
    timeMs: row.time_ms,
  }));
  return { ok: true, value: { transactions } };
}
