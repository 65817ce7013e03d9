/** What moved to or from meters, in the order of the transaction log: what the daily batch tells (requirements.md G7). */

import type { Movement } from '#protocol/documents/batch';
import { formatMeterId } from '#protocol/documents/meter-id';
import type { ProviderTransaction } from './context.ts';

/** @param entry of the transaction log that says so */
export async function recordMovement(
  trx: ProviderTransaction,
  entry: number,
  { meterId, sequence, kind, account, amount, timeMs }: Movement,
): Promise<void> {
  await trx
    .insertInto('movements')
    .values({
      entry,
      meter_id: formatMeterId(meterId),
      sequence,
      kind,
      account,
      amount,
      time_ms: timeMs,
    })
    .execute();
}
