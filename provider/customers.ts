/** Customers: their accounts, and what moves money on them and off them (requirements.md G2). */

import { type Mills, mills } from '#protocol/mills';
import { nextNumber, type ProviderContext, type ProviderTransaction } from './context.ts';
import { type ProviderOutcome, refuseBecause } from './refusals.ts';

export interface Customer {
  readonly name: string;
  readonly isClosed: boolean;
  readonly balance: Mills;
  /** What was billed and is not paid yet, and how much of that there may be. */
  readonly owed: Mills;
  readonly creditMax: Mills;
  /** Everything ever paid in. */
  readonly paidIn: Mills;
  /** Everything that came back from meters that were withdrawn. */
  readonly returned: Mills;
}

export interface Applicant {
  readonly name: string;
  /** Up to this much, settlements are billed; nothing where left out. */
  readonly creditMax?: Mills | undefined;
}

export async function openAccount(
  { db }: ProviderContext,
  { name, creditMax = mills(0) }: Applicant,
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
        owed: 0,
        credit_max: creditMax,
        returned: 0,
        transactions: 0,
      })
      .execute();
    return { ok: true, value: { customerId } };
  });
}

/**
 * Closes an account: its meters get no more value. What is on it stays on record. Refused while money is on its way to it or
 * from it: something is owed, a claim is not decided, or a meter has agreed to give back what is in it and not proved that.
 */
export async function closeAccount(
  { db }: ProviderContext,
  { customerId }: { readonly customerId: number },
): Promise<ProviderOutcome<Record<never, never>>> {
  return db.transaction().execute(async (trx) => {
    const customer = await lockCustomer(trx, customerId);
    if (customer === undefined) return refuseBecause('customerUnknown');
    if (customer.owed > 0 || (await hasMoneyUnderWay(trx, customerId)))
      return refuseBecause('accountBusy');
    await trx
      .updateTable('customers')
      .set({ is_closed: 1 })
      .where('customer_id', '=', customerId)
      .execute();
    return { ok: true, value: {} };
  });
}

async function hasMoneyUnderWay(trx: ProviderTransaction, customerId: number): Promise<boolean> {
  const claim = await trx
    .selectFrom('claims')
    .select('claim_id')
    .where('customer_id', '=', customerId)
    .where('request', 'is not', null)
    .where('answer', 'is', null)
    .limit(1)
    .executeTakeFirst();
  const withdrawal = await trx
    .selectFrom('withdrawals')
    .innerJoin('meters', 'meters.meter_id', 'withdrawals.meter_id')
    .select('withdrawals.sequence')
    .where('meters.customer_id', '=', customerId)
    .where('withdrawals.verdict', '=', 'agreed')
    .where('withdrawals.proof', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return claim !== undefined || withdrawal !== undefined;
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
  const value = {
    name: row.name,
    isClosed: row.is_closed === 1,
    balance: mills(row.balance),
    owed: mills(row.owed),
    creditMax: mills(row.credit_max),
    paidIn: mills(row.paid_in),
    returned: mills(row.returned),
  };
  return { ok: true, value };
}

/**
 * Holds a customer until the transaction ends: writing a row locks it on every data base.
 * @returns undefined where there is no such customer
 */
export async function lockCustomer(
  trx: ProviderTransaction,
  customerId: number,
): Promise<Omit<Customer, 'name'> | undefined> {
  const row = await trx
    .updateTable('customers')
    .set((eb) => ({ transactions: eb.ref('transactions') }))
    .where('customer_id', '=', customerId)
    .returning(['is_closed', 'balance', 'owed', 'credit_max', 'paid_in', 'returned'])
    .executeTakeFirst();
  return (
    row && {
      isClosed: row.is_closed === 1,
      balance: mills(row.balance),
      owed: mills(row.owed),
      creditMax: mills(row.credit_max),
      paidIn: mills(row.paid_in),
      returned: mills(row.returned),
    }
  );
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

/** Bills what an account lacks. */
export async function bill(
  trx: ProviderTransaction,
  customerId: number,
  amount: Mills,
): Promise<void> {
  await trx
    .updateTable('customers')
    .set((eb) => ({ owed: eb('owed', '+', amount) }))
    .where('customer_id', '=', customerId)
    .execute();
}

/** Gives back to an account what was in a meter; what is owed is paid first. */
export async function giveBack(
  trx: ProviderTransaction,
  customerId: number,
  amount: Mills,
): Promise<void> {
  const customer = await lockCustomer(trx, customerId);
  if (customer === undefined) throw new Error('a meter is enrolled for no customer');
  const paid = Math.min(customer.owed, amount);
  await trx
    .updateTable('customers')
    .set((eb) => ({
      owed: eb('owed', '-', paid),
      balance: eb('balance', '+', amount - paid),
      returned: eb('returned', '+', amount),
    }))
    .where('customer_id', '=', customerId)
    .execute();
}
