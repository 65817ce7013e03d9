/**
 * What a refill of each kind needs and what it moves, inside the transaction that answers it (requirements.md B6, B7; domain.md
 * R14, R16, R20).
 */

import type { RefillReason, RefillRequest } from '#protocol/documents/refill';
import { type Mills, mills } from '#protocol/mills';
import type { ProviderTransaction } from './context.ts';
import { bill, charge, lockCustomer } from './customers.ts';
import { actionOf } from './lock-orders.ts';
import type { MeterBooks } from './meters.ts';
import { lockPool, takeFromPool } from './pool.ts';

export interface Movement {
  readonly reason: RefillReason;
  readonly amount: Mills;
  /** What could be had now, before the movement (domain.md R16). */
  readonly available: Mills;
}

const nothing = mills(0);

const declined = (reason: RefillReason, available = nothing): Movement => ({
  reason,
  amount: nothing,
  available,
});

/** Takes the amount from where this kind of refill takes it, or nothing. */
export async function move(
  trx: ProviderTransaction,
  request: RefillRequest,
  meter: MeterBooks,
): Promise<Movement> {
  switch (request.kind) {
    case 'purchase':
      return purchase(trx, request.amount, meter);
    case 'settlement':
      return settle(trx, request.amount, meter);
    case 'spoilage':
      return payBack(trx, request, meter);
  }
}

/** Why a meter gets no value, whatever there is; undefined where it gets some. What it owes it may always pay. */
function stopped({ lockOrder }: MeterBooks, isClosed: boolean): RefillReason | undefined {
  const action = actionOf(lockOrder);
  if (isClosed || action === 'revoke') return 'accountClosed';
  return action === 'lock' ? 'notApproved' : undefined;
}

async function purchase(
  trx: ProviderTransaction,
  amount: Mills,
  meter: MeterBooks,
): Promise<Movement> {
  const customer = await customerOf(trx, meter);
  const reason = stopped(meter, customer.isClosed);
  if (reason !== undefined) return declined(reason);
  const inPool = await lockPool(trx);
  const available = mills(Math.min(customer.balance, inPool));
  if (customer.balance < amount) return declined('insufficientAccountFunds', available);
  if (inPool < amount) return declined('poolEmpty', available);
  await charge(trx, meter.customerId, amount);
  await takeFromPool(trx, amount);
  return { reason: 'ok', amount, available };
}

/** What a current account has spent is paid from the account, and billed where that lacks it. */
async function settle(
  trx: ProviderTransaction,
  amount: Mills,
  meter: MeterBooks,
): Promise<Movement> {
  const { balance, owed, creditMax, isClosed } = await customerOf(trx, meter);
  const credit = isClosed ? 0 : Math.max(0, creditMax - owed);
  const inPool = await lockPool(trx);
  const available = mills(Math.min(balance + credit, inPool));
  if (balance + credit < amount) return declined('insufficientAccountFunds', available);
  if (inPool < amount) return declined('poolEmpty', available);
  const paid = mills(Math.min(balance, amount));
  if (paid > 0) await charge(trx, meter.customerId, paid);
  if (paid < amount) await bill(trx, meter.customerId, mills(amount - paid));
  await takeFromPool(trx, amount);
  return { reason: 'ok', amount, available };
}

/** What was approved for spoiled pieces goes back to the postal register, and costs nothing. */
async function payBack(
  trx: ProviderTransaction,
  { amount, account }: RefillRequest,
  meter: MeterBooks,
): Promise<Movement> {
  const customer = await customerOf(trx, meter);
  const reason = stopped(meter, customer.isClosed);
  if (reason !== undefined) return declined(reason);
  const available = mills(meter.spoilageApproved - meter.spoilageCredited);
  if (account !== 'postal' || amount > available) return declined('notApproved', available);
  await takeFromPool(trx, amount, 'spoilage');
  return { reason: 'ok', amount, available };
}

async function customerOf(trx: ProviderTransaction, { customerId }: MeterBooks) {
  const customer = await lockCustomer(trx, customerId);
  if (customer === undefined) throw new Error('a meter is enrolled for no customer');
  return customer;
}
