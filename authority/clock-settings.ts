/** Tells meters the time, signed over a challenge that each drew itself (requirements.md A8; domain.md R27). */

import { formatMeterId } from '#protocol/documents/meter-id';
import { issueClockSetting } from '#protocol/documents/orders';
import type { AuthorityContext } from './context.ts';
import { type AuthorityOutcome, refuseBecause } from './refusals.ts';

export async function setClock(
  { crypto, db, keys, now }: AuthorityContext,
  { meterId, challenge }: { readonly meterId: Uint8Array; readonly challenge: Uint8Array },
): Promise<AuthorityOutcome<{ readonly setting: Uint8Array }>> {
  const meter = await db
    .selectFrom('meters')
    .select('meter_id')
    .where('meter_id', '=', formatMeterId(meterId))
    .executeTakeFirst();
  if (meter === undefined) return refuseBecause('meterUnknown');
  const setting = issueClockSetting(crypto, keys, { meterId, challenge, timeMs: now() });
  return { ok: true, value: { setting } };
}
