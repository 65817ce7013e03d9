/** What speaks of fraud or of a defect, kept for whoever follows it up (requirements.md G9). */

import { nextNumber, type ProviderContext, type ProviderTransaction } from './context.ts';

export interface Finding {
  /** The name of the refusal it led to. */
  readonly kind: string;
  /** As `TS01-0000000042`. */
  readonly meterId: string;
  readonly text: string;
  /** The request that showed it. */
  readonly evidence: Uint8Array;
}

export interface RecordedFinding extends Finding {
  readonly findingId: number;
  readonly foundMs: number;
}

/** Records a finding, once for the same evidence. */
export async function recordFinding(
  { now }: Pick<ProviderContext, 'now'>,
  trx: ProviderTransaction,
  { kind, meterId, text, evidence }: Finding,
): Promise<void> {
  const known = await trx
    .selectFrom('findings')
    .select('finding_id')
    .where('meter_id', '=', meterId)
    .where('kind', '=', kind)
    .where('evidence', '=', evidence)
    .executeTakeFirst();
  if (known !== undefined) return;
  await trx
    .insertInto('findings')
    .values({
      finding_id: await nextNumber(trx, 'finding'),
      kind,
      meter_id: meterId,
      text,
      evidence,
      found_ms: now(),
      batch_number: null,
    })
    .execute();
}

/** At most so many findings in one answer. */
export const FINDINGS_LIMIT = 100;

/** The findings after a number, the oldest first; 0 for the first ones. */
export async function listFindings(
  { db }: ProviderContext,
  { after }: { readonly after: number },
): Promise<readonly RecordedFinding[]> {
  const rows = await db
    .selectFrom('findings')
    .selectAll()
    .where('finding_id', '>', after)
    .orderBy('finding_id')
    .limit(FINDINGS_LIMIT)
    .execute();
  return rows.map(({ finding_id, kind, meter_id, text, evidence, found_ms }) => ({
    findingId: finding_id,
    kind,
    meterId: meter_id,
    text,
    evidence,
    foundMs: found_ms,
  }));
}
