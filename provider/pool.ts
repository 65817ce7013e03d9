/**
 * The pool, the provider's master PSD: value bought from the authority that no meter has yet (requirements.md G3).
 *
 * Two kinds of money move, and never become one another (architecture.md decision 9):
 * - Value is what the authority issued, bought or for spoiled pieces. It lies in the pool, to be sold (descending) or reserved
 *   for the meters whose pieces were spoiled (spoilage), until a refill moves it to a meter (ascending):
 *   issued = descending + spoilage + ascending, and
 *   ascending = sum over meters (credited + certificateCredited + spoilageCredited + settled).
 *   What comes back from a withdrawn meter (refunded) is issued and out of use: it is sold to nobody again.
 * - Currency is what customers paid in. It lies on their accounts until it pays for a refill:
 *   paid in + returned + owed = sum over customers (balance + credited + certificateCredited + settled of their meters).
 * A purchase takes the same amount from the pool and from the account and adds it to what the meter was credited, in one
 * transaction of the data base; a settlement pays for what a current account has spent, from the account or billed; a refill for
 * spoiled pieces costs nothing and takes what was reserved.
 *
 * Under way, and counted for neither side, is value whose issue the authority has signed and the pool does not have yet: it
 * is on record as a request without an answer. Between the agreement to a withdrawal and its proof the money is still the
 * meter's; `withdrawing` tells how much that is.
 */

import { equalBytes } from '#protocol/bytes';
import { currentKey } from '#protocol/documents/authority-chain';
import { signValueRequest, verifyValueIssue } from '#protocol/documents/value';
import { type Mills, mills } from '#protocol/mills';
import { judgeByAuthority } from './authority-keys.ts';
import type { ProviderContext, ProviderTransaction } from './context.ts';
import { type ProviderOutcome, refuseBecause } from './refusals.ts';
import { logged } from './transaction-log.ts';

const POOL_ID = 1;

export interface Pool {
  /** Everything ever moved to meters. */
  readonly ascending: Mills;
  /** Bought and still to be sold. */
  readonly descending: Mills;
  /** Issued for spoiled pieces, and not yet back in its meter. */
  readonly spoilage: Mills;
  /** Everything that came back from meters that were withdrawn. */
  readonly refunded: Mills;
}

export async function readPool({ db }: Pick<ProviderContext, 'db'>): Promise<Pool> {
  const { ascending, descending, spoilage, refunded } = await db
    .selectFrom('pool')
    .selectAll()
    .where('pool_id', '=', POOL_ID)
    .executeTakeFirstOrThrow();
  return {
    ascending: mills(ascending),
    descending: mills(descending),
    spoilage: mills(spoilage),
    refunded: mills(refunded),
  };
}

/** What meters have agreed to give back and not proved yet. */
export async function withdrawing({ db }: Pick<ProviderContext, 'db'>): Promise<Mills> {
  const rows = await db
    .selectFrom('withdrawals')
    .select(['postal', 'certificate'])
    .where('verdict', '=', 'agreed')
    .where('proof', 'is', null)
    .execute();
  return mills(rows.reduce((sum, { postal, certificate }) => sum + postal + certificate, 0));
}

/** Holds the pool until the transaction ends: writing a row locks it on every data base. @returns what is to be sold */
export async function lockPool(trx: ProviderTransaction): Promise<Mills> {
  const { descending } = await trx
    .updateTable('pool')
    .set((eb) => ({ descending: eb.ref('descending') }))
    .where('pool_id', '=', POOL_ID)
    .returning('descending')
    .executeTakeFirstOrThrow();
  return mills(descending);
}

/**
 * Moves value out of the pool, which is held and has it, to a meter.
 * @param from what is to be sold, or what is reserved for spoiled pieces
 * @throws Error where it has not: a bug of the caller
 */
export async function takeFromPool(
  trx: ProviderTransaction,
  amount: Mills,
  from: 'descending' | 'spoilage' = 'descending',
): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('pool')
    .set((eb) => ({ [from]: eb(from, '-', amount), ascending: eb('ascending', '+', amount) }))
    .where('pool_id', '=', POOL_ID)
    .where(from, '>=', amount)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new Error('more was to be taken from the pool than it has');
}

/** Counts what came back from a meter. */
export async function takeBack(trx: ProviderTransaction, amount: Mills): Promise<void> {
  await trx
    .updateTable('pool')
    .set((eb) => ({ refunded: eb('refunded', '+', amount) }))
    .where('pool_id', '=', POOL_ID)
    .execute();
}

/** Adds to the pool what the authority issued under a number. The pool has room: the authority issues 48 bits in all. */
export async function addToPool(
  trx: ProviderTransaction,
  { amount, sequence }: { readonly amount: Mills; readonly sequence: number },
  to: 'descending' | 'spoilage' = 'descending',
): Promise<void> {
  const { issue_sequence } = await trx
    .selectFrom('pool')
    .select('issue_sequence')
    .where('pool_id', '=', POOL_ID)
    .executeTakeFirstOrThrow();
  await trx
    .updateTable('pool')
    .set((eb) => ({
      [to]: eb(to, '+', amount),
      issue_sequence: Math.max(issue_sequence, sequence),
    }))
    .where('pool_id', '=', POOL_ID)
    .execute();
}

export interface PurchaseOrder {
  /** Sixteen bytes; the same purchase carries the same ones, however often it is tried. */
  readonly requestId: Uint8Array;
  readonly amount: Mills;
}

export interface Purchase {
  readonly amount: Mills;
  readonly issue: Uint8Array;
}

/** Buys value from the authority into the pool, once for each request id; after a failure it is finished by repeating it. */
export async function buyValue(
  context: ProviderContext,
  { requestId, amount }: PurchaseOrder,
): Promise<ProviderOutcome<Purchase>> {
  const { crypto, db, keys, now, providerId } = context;
  const askedMs = now();
  const request = signValueRequest(crypto, keys.privateKey, {
    providerId,
    requestId,
    amount,
    timeMs: askedMs,
  });
  await db
    .insertInto('purchases')
    .values({ request_id: requestId, amount, request, issue: null, asked_ms: askedMs })
    .onConflict((conflict) => conflict.column('request_id').doNothing())
    .execute();
  const purchase = await db
    .selectFrom('purchases')
    .select(['amount', 'request', 'issue'])
    .where('request_id', '=', requestId)
    .executeTakeFirstOrThrow();
  if (purchase.amount !== amount) return refuseBecause('requestIdReused');
  if (purchase.issue !== null) return { ok: true, value: { amount, issue: purchase.issue } };
  return finishPurchase(context, { requestId, amount }, purchase.request);
}

/** Finishes every purchase that was begun. @returns how many are still without an answer */
export async function finishPurchases(
  context: ProviderContext,
): Promise<ProviderOutcome<{ readonly finished: number; readonly pending: number }>> {
  const open = await context.db
    .selectFrom('purchases')
    .select(['request_id', 'amount', 'request'])
    .where('issue', 'is', null)
    .orderBy('asked_ms')
    .execute();
  let finished = 0;
  for (const { request_id, amount, request } of open) {
    const order = { requestId: request_id, amount: mills(amount) };
    const outcome = await finishPurchase(context, order, request);
    if (outcome.ok) finished += 1;
  }
  return { ok: true, value: { finished, pending: open.length - finished } };
}

async function finishPurchase(
  context: ProviderContext,
  { requestId, amount }: PurchaseOrder,
  request: Uint8Array,
): Promise<ProviderOutcome<Purchase>> {
  const { authority, crypto, db, providerId } = context;
  let issue: Uint8Array;
  try {
    ({ issue } = await authority.answerValueRequest({ request }));
  } catch (failure) {
    const reason = failure instanceof Error ? failure.message : '';
    return refuseBecause('authorityUnavailable', reason);
  }
  const read = await judgeByAuthority(context, (keys) =>
    verifyValueIssue(crypto, currentKey(keys).publicKey, issue),
  );
  if (
    !read.ok ||
    read.value.providerId !== providerId ||
    read.value.amount !== amount ||
    !equalBytes(read.value.requestId, requestId)
  )
    return refuseBecause('issueInvalid');
  const { sequence } = read.value;
  await db
    .transaction()
    .execute((trx) => creditPool(context, trx, requestId, issue, { amount, sequence }));
  return { ok: true, value: { amount, issue } };
}

/** Credits an issue to the pool unless it was credited. */
async function creditPool(
  context: ProviderContext,
  trx: ProviderTransaction,
  requestId: Uint8Array,
  issue: Uint8Array,
  issued: { readonly amount: Mills; readonly sequence: number },
): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('purchases')
    .set({ issue })
    .where('request_id', '=', requestId)
    .where('issue', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return;
  await logged(context, trx, { kind: 'value', evidence: issue }, () => addToPool(trx, issued));
}
