/** The authority's orders to meters, asked for at each contact and handed over with the answer (requirements.md A8, G9). */

import { currentKey } from '#protocol/documents/authority-chain';
import { formatMeterId } from '#protocol/documents/meter-id';
import { type LockAction, lockOrderDocument, verifyLockOrder } from '#protocol/documents/orders';
import { judgeByAuthority } from './authority-keys.ts';
import type { ProviderContext } from './context.ts';

/**
 * Asks the authority for the latest order to a meter and keeps it. Without an answer, what is known already counts: a refill
 * does not wait for the authority.
 */
export async function learnOrder(
  context: ProviderContext,
  meterId: Uint8Array,
): Promise<Uint8Array | undefined> {
  const known = await knownOrder(context, meterId);
  let told: Uint8Array | undefined;
  try {
    ({ order: told } = await context.authority.lockOrder({ meterId }));
  } catch {
    return known; // it is asked again at the next contact
  }
  if (told === undefined || (await sequenceTold(context, told, meterId)) <= sequenceOf(known))
    return known;
  await context.db
    .updateTable('meters')
    .set({ lock_order: told })
    .where('meter_id', '=', formatMeterId(meterId))
    .execute();
  return told;
}

async function knownOrder(
  { db }: Pick<ProviderContext, 'db'>,
  meterId: Uint8Array,
): Promise<Uint8Array | undefined> {
  const row = await db
    .selectFrom('meters')
    .select('lock_order')
    .where('meter_id', '=', formatMeterId(meterId))
    .executeTakeFirst();
  return row?.lock_order ?? undefined;
}

/** 0 for an order that the authority did not sign for this meter. */
async function sequenceTold(
  context: ProviderContext,
  order: Uint8Array,
  meterId: Uint8Array,
): Promise<number> {
  const read = await judgeByAuthority(context, (keys) =>
    verifyLockOrder(context.crypto, currentKey(keys).publicKey, order, meterId),
  );
  return read.ok ? read.value.sequence : 0;
}

/** Of an order on record, which was judged by the key of its day; 0 where there is none. */
function sequenceOf(order: Uint8Array | undefined): number {
  if (order === undefined) return 0;
  const read = lockOrderDocument.read(order);
  return read.ok ? read.value.sequence : 0;
}

/** What an order on record says; undefined where there is none. */
export function actionOf(order: Uint8Array | undefined): LockAction | undefined {
  if (order === undefined) return undefined;
  const read = lockOrderDocument.read(order);
  if (!read.ok) throw new Error('the record of an order is damaged');
  return read.value.action;
}
