/** What customers pay in: each payment once, what is owed first (requirements.md G2). */

import { MILLS_MAX, type Mills } from '#protocol/mills';
import type { ProviderContext, ProviderTransaction } from './context.ts';
import { type Customer, lockCustomer } from './customers.ts';
import { type ProviderOutcome, refuseBecause } from './refusals.ts';
import { logged } from './transaction-log.ts';
import { bookTransaction, receiptAt, type TransactionReceipt } from './transactions.ts';

export interface Payment {
  readonly customerId: number;
  /** Sixteen bytes; the same payment carries the same ones. */
  readonly requestId: Uint8Array;
  readonly amount: Mills;
}

/** Credits a payment to an account, once for each request id; what is owed is paid first. */
export async function payIn(
  context: ProviderContext,
  { customerId, requestId, amount }: Payment,
): Promise<ProviderOutcome<TransactionReceipt>> {
  return context.db.transaction().execute(async (trx) => {
    const customer = await lockCustomer(trx, customerId);
    if (customer === undefined) return refuseBecause('customerUnknown');
    const known = await trx
      .selectFrom('payments')
      .select(['amount', 'place'])
      .where('customer_id', '=', customerId)
      .where('request_id', '=', requestId)
      .executeTakeFirst();
    if (known !== undefined)
      return known.amount === amount
        ? { ok: true, value: await receiptAt(context, trx, customerId, known.place) }
        : refuseBecause('requestIdReused');
    if (customer.paidIn + amount > MILLS_MAX) return refuseBecause('amountTooLarge');
    const subject = { kind: 'payment', customerId, evidence: requestId } as const;
    const place = await logged(context, trx, subject, async () => {
      await receive(trx, customerId, customer, amount);
      const timeMs = context.now();
      return bookTransaction(context, trx, { customerId, kind: 'payment', amount, timeMs });
    });
    await trx
      .insertInto('payments')
      .values({ customer_id: customerId, request_id: requestId, amount, place })
      .execute();
    return { ok: true, value: await receiptAt(context, trx, customerId, place) };
  });
}

async function receive(
  trx: ProviderTransaction,
  customerId: number,
  { owed }: Pick<Customer, 'owed'>,
  amount: Mills,
): Promise<void> {
  const paid = Math.min(owed, amount);
  await trx
    .updateTable('customers')
    .set((eb) => ({
      owed: eb('owed', '-', paid),
      balance: eb('balance', '+', amount - paid),
      paid_in: eb('paid_in', '+', amount),
    }))
    .where('customer_id', '=', customerId)
    .execute();
}
