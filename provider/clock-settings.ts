/** Tells enrolled meters the time, signed over a challenge that each drew itself (requirements.md A8; domain.md R27). */

import { issueClockSetting } from '#protocol/documents/orders';
import type { ProviderContext } from './context.ts';
import { readMeter } from './meters.ts';
import type { ProviderOutcome } from './refusals.ts';

export async function setClock(
  context: ProviderContext,
  { meterId, challenge }: { readonly meterId: Uint8Array; readonly challenge: Uint8Array },
): Promise<ProviderOutcome<{ readonly setting: Uint8Array }>> {
  const known = await readMeter(context, { meterId });
  if (!known.ok) return known;
  const { crypto, keys, now } = context;
  const setting = issueClockSetting(crypto, keys, { meterId, challenge, timeMs: now() });
  return { ok: true, value: { setting } };
}
