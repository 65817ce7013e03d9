/**
 * Orders to lock, to unlock and to revoke a meter: signed, numbered, kept, and given to whoever asks, so that they reach the
 * meter by any host (requirements.md A8, G9).
 */

import { formatMeterId } from '#protocol/documents/meter-id';
import { issueLockOrder, type LockAction, lockOrderDocument } from '#protocol/documents/orders';
import type { LockReasonName } from '#protocol/state';
import type { AuthorityContext, AuthorityTransaction } from './context.ts';
import { lockMeter } from './meters.ts';
import { type AuthorityOutcome, refuseBecause } from './refusals.ts';
import { signedAnew } from './signed-anew.ts';
import { revokeAllOf } from './user-keys/revocations.ts';

/** At most so many orders in one answer. */
export const ORDERS_LIMIT = 100;

interface Order {
  readonly meterId: Uint8Array;
  readonly action: LockAction;
  readonly reason: LockReasonName;
}

export interface IssuedOrder {
  readonly sequence: number;
  readonly order: Uint8Array;
}

/** Orders what the operator wants. A meter that was revoked stays so. */
export async function orderLock(
  context: AuthorityContext,
  order: Order,
): Promise<AuthorityOutcome<IssuedOrder>> {
  return context.db.transaction().execute(async (trx) => {
    if (!(await lockMeter(trx, order.meterId))) return refuseBecause('meterUnknown');
    if ((await latestAction(trx, order.meterId)) === 'revoke') return refuseBecause('meterRevoked');
    const cause = `The operator ordered it: ${order.reason}.`;
    if (order.action === 'revoke')
      await revokeAllOf(context, trx, order.meterId, 'privilegeWithdrawn', cause);
    return { ok: true, value: await issueOrder(context, trx, order, cause) };
  });
}

/**
 * Locks a meter because of what was found, unless it is locked or revoked already.
 * @param cause what was found, for a person
 */
export async function lockBecause(
  context: AuthorityContext,
  trx: AuthorityTransaction,
  { meterId, reason, cause }: Omit<Order, 'action'> & { readonly cause: string },
): Promise<void> {
  if (!(await lockMeter(trx, meterId))) return;
  const action = await latestAction(trx, meterId);
  if (action === 'lock' || action === 'revoke') return;
  await issueOrder(context, trx, { meterId, action: 'lock', reason }, cause);
}

/** Signs and keeps the next order to a meter, which is held. */
export async function issueOrder(
  { crypto, keys, now }: AuthorityContext,
  trx: AuthorityTransaction,
  { meterId, action, reason }: Order,
  cause: string,
): Promise<IssuedOrder> {
  const meter = formatMeterId(meterId);
  const orderedMs = now();
  const { lock_sequence: sequence } = await trx
    .updateTable('meters')
    .set((eb) => ({ lock_sequence: eb('lock_sequence', '+', 1), lock_action: action }))
    .where('meter_id', '=', meter)
    .returning('lock_sequence')
    .executeTakeFirstOrThrow();
  const fields = { meterId, sequence, action, reason, timeMs: orderedMs };
  const order = issueLockOrder(crypto, keys, fields);
  await trx
    .insertInto('lock_orders')
    .values({
      meter_id: meter,
      sequence,
      action,
      reason,
      document: order,
      cause,
      ordered_ms: orderedMs,
    })
    .execute();
  return { sequence, order };
}

async function latestAction(
  trx: AuthorityTransaction,
  meterId: Uint8Array,
): Promise<LockAction | null> {
  const row = await trx
    .selectFrom('meters')
    .select('lock_action')
    .where('meter_id', '=', formatMeterId(meterId))
    .executeTakeFirstOrThrow();
  return row.lock_action;
}

/** The latest order to a meter; undefined where there is none. */
export async function latestOrder(
  context: Pick<AuthorityContext, 'crypto' | 'db' | 'keys'>,
  meterId: Uint8Array,
): Promise<Uint8Array | undefined> {
  const row = await context.db
    .selectFrom('lock_orders')
    .select('document')
    .where('meter_id', '=', formatMeterId(meterId))
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && signedAnew(context, lockOrderDocument, row.document);
}

export interface OrderOnRecord {
  readonly sequence: number;
  readonly action: LockAction;
  readonly reason: LockReasonName;
  readonly cause: string;
  readonly orderedMs: number;
}

/** The orders to a meter after a sequence, the oldest first. */
export async function listOrders(
  { db }: Pick<AuthorityContext, 'db'>,
  { meterId, after }: { readonly meterId: Uint8Array; readonly after: number },
): Promise<readonly OrderOnRecord[]> {
  const rows = await db
    .selectFrom('lock_orders')
    .select(['sequence', 'action', 'reason', 'cause', 'ordered_ms'])
    .where('meter_id', '=', formatMeterId(meterId))
    .where('sequence', '>', after)
    .orderBy('sequence')
    .limit(ORDERS_LIMIT)
    .execute();
  return rows.map(({ ordered_ms, ...order }) => ({ ...order, orderedMs: ordered_ms }));
}
