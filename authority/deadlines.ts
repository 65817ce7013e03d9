/**
 * Which meters should have been heard of (requirements.md A8, G9; domain.md R24). An inspection, a refill that the provider
 * has told of, and the first licence begin the time anew.
 */

import { sql } from 'kysely';
import { parseMeterId } from '#protocol/documents/meter-id';
import type { AuthorityContext } from './context.ts';

/**
 * `due`: it warns by now · `overdue`: it has locked itself by now · `silent`: as long again has passed, and nobody has it
 * inspected: it may be lost, or something else than our meter.
 */
export const contactStates = ['due', 'overdue', 'silent'] as const;
export type ContactState = (typeof contactStates)[number];

/** At most so many meters in one answer. */
export const OVERDUE_LIMIT = 1_000;

const HOUR_MS = 3_600_000;

export interface LateMeter {
  readonly meterId: Uint8Array;
  readonly contactMs: number;
  readonly dueMs: number;
  readonly lockMs: number;
  readonly state: ContactState;
}

/** Meters in use whose inspection is due, the longest overdue first. */
export async function listOverdue({ db, now }: AuthorityContext): Promise<readonly LateMeter[]> {
  const nowMs = now();
  const rows = await db
    .selectFrom('meters')
    .select(['meter_id', 'contact_ms', 'warn_hours', 'lock_hours'])
    .where('contact_ms', 'is not', null)
    .where('withdrawal', 'is', null)
    .where((eb) => eb.or([eb('lock_action', 'is', null), eb('lock_action', '!=', 'revoke')]))
    .where(sql<boolean>`contact_ms + warn_hours * ${HOUR_MS} <= ${nowMs}`)
    .orderBy(sql`contact_ms + lock_hours * ${HOUR_MS}`)
    .limit(OVERDUE_LIMIT)
    .execute();
  return rows.map(({ meter_id, contact_ms, warn_hours, lock_hours }) => {
    const meterId = parseMeterId(meter_id);
    if (meterId === undefined) throw new Error('the record of a meter is damaged');
    const contactMs = contact_ms ?? 0;
    const dueMs = contactMs + (warn_hours ?? 0) * HOUR_MS;
    const lockMs = contactMs + (lock_hours ?? 0) * HOUR_MS;
    return { meterId, contactMs, dueMs, lockMs, state: stateOf(contactMs, lockMs, nowMs) };
  });
}

function stateOf(contactMs: number, lockMs: number, nowMs: number): ContactState {
  if (nowMs < lockMs) return 'due';
  return nowMs < lockMs + (lockMs - contactMs) ? 'overdue' : 'silent';
}
