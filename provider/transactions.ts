/** Every transaction of a customer, in turn, each with a receipt that is signed (requirements.md G5; domain.md R39). */

import { formatMeterId, METER_ID_SIZE, parseMeterId } from '#protocol/documents/meter-id';
import {
  type ReceiptFields,
  receiptNumber,
  signReceipt,
  type TransactionKind,
} from '#protocol/documents/receipt';
import { type Mills, mills } from '#protocol/mills';
import type { ProviderContext, ProviderTransaction } from './context.ts';
import { readCustomer } from './customers.ts';
import type { ProviderOutcome } from './refusals.ts';
import type { TransactionTable } from './tables.ts';

interface Booking {
  readonly customerId: number;
  readonly kind: TransactionKind;
  readonly amount: Mills;
  readonly meterId?: Uint8Array;
  readonly timeMs: number;
}

/** Writes a transaction on record with its receipt, after its amount has moved. @returns its place among those of the customer */
export async function bookTransaction(
  context: ProviderContext,
  trx: ProviderTransaction,
  { customerId, kind, amount, meterId, timeMs }: Booking,
): Promise<number> {
  const {
    transactions: place,
    balance,
    owed,
  } = await trx
    .updateTable('customers')
    .set((eb) => ({ transactions: eb('transactions', '+', 1) }))
    .where('customer_id', '=', customerId)
    .returning(['transactions', 'balance', 'owed'])
    .executeTakeFirstOrThrow();
  const row = {
    customer_id: customerId,
    place,
    kind,
    amount,
    balance_after: balance,
    owed_after: owed,
    meter_id: meterId === undefined ? null : formatMeterId(meterId),
    time_ms: timeMs,
  };
  const receipt = receiptOf(context, { ...row, receipt: null });
  await trx
    .insertInto('transactions')
    .values({ ...row, receipt })
    .execute();
  return place;
}

/** The receipt on record; signed now where the transaction is older than receipts. */
function receiptOf(
  { crypto, keys, providerId }: ProviderContext,
  row: TransactionTable,
): Uint8Array {
  if (row.receipt !== null) return row.receipt;
  const fields: ReceiptFields = {
    providerId,
    customerId: row.customer_id,
    number: receiptNumber(row.place),
    place: row.place,
    kind: row.kind,
    amount: mills(row.amount),
    balance: mills(row.balance_after),
    owed: mills(row.owed_after),
    meterId: meterIdOf(row.meter_id) ?? new Uint8Array(METER_ID_SIZE),
    timeMs: row.time_ms,
  };
  return signReceipt(crypto, keys, fields);
}

export interface TransactionReceipt {
  readonly receiptNumber: number;
  /** Signed. */
  readonly receipt: Uint8Array;
}

/** The receipt of a transaction that is on record. */
export async function receiptAt(
  context: ProviderContext,
  trx: ProviderTransaction,
  customerId: number,
  place: number,
): Promise<TransactionReceipt> {
  const row = await trx
    .selectFrom('transactions')
    .selectAll()
    .where('customer_id', '=', customerId)
    .where('place', '=', place)
    .executeTakeFirstOrThrow();
  return { receiptNumber: receiptNumber(place), receipt: receiptOf(context, row) };
}

const meterIdOf = (text: string | null): Uint8Array | undefined =>
  text === null ? undefined : parseMeterId(text);

export interface BookedTransaction {
  readonly place: number;
  readonly receiptNumber: number;
  readonly kind: TransactionKind;
  readonly amount: Mills;
  readonly balanceAfter: Mills;
  readonly owedAfter: Mills;
  readonly meterId: Uint8Array | undefined;
  readonly timeMs: number;
  /** Signed. */
  readonly receipt: Uint8Array;
}

/** At most so many transactions in one answer. */
export const TRANSACTIONS_LIMIT = 100;

/** The transactions of a customer after a place, the oldest first; 0 for the first ones. */
export async function listTransactions(
  context: ProviderContext,
  { customerId, after }: { readonly customerId: number; readonly after: number },
): Promise<ProviderOutcome<{ readonly transactions: readonly BookedTransaction[] }>> {
  const { db } = context;
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
    owedAfter: mills(row.owed_after),
    meterId: meterIdOf(row.meter_id),
    timeMs: row.time_ms,
    receipt: receiptOf(context, row),
  }));
  return { ok: true, value: { transactions } };
}
