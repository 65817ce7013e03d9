/** Verification of lite indicia by the secret keys of their meters (requirements.md C2, C8, G9). */

import { equalBytes } from '#protocol/bytes';
import type { IbiLiteIndicium } from '#protocol/documents/legacy-indicium';
import { hasToken } from '#protocol/documents/lite-indicium';
import { parseMeterId } from '#protocol/documents/meter-id';
import { formatMills } from '#protocol/mills';
import { type Check, fail, pass } from '../check.ts';
import type { AuthorityContext, AuthorityTransaction } from '../context.ts';
import { recordFinding } from '../findings.ts';
import { lockBecause } from '../lock-orders.ts';

type LiteCheckName = 'signature' | 'forgery' | 'duplicate';

export interface LiteVerdict {
  readonly checks: readonly Check<LiteCheckName>[];
  readonly firstSeenMs: number | undefined;
}

/** Undefined where no meter of ours is named so: then it is of another vendor. */
export async function judgeLite(
  context: AuthorityContext,
  evidence: Uint8Array,
  lite: IbiLiteIndicium,
  seenMs: number,
): Promise<LiteVerdict | undefined> {
  const rows = await context.db
    .selectFrom('token_keys')
    .select(['meter_id', 'keys'])
    .where('model', '=', lite.model)
    .where('serial', '=', lite.serial)
    .execute();
  const [first] = rows;
  if (first === undefined) return undefined;
  const isGenuine = rows.some(({ keys }) =>
    hasToken(context.crypto, keys.slice(0, keys.length / 2), evidence),
  );
  return context.db.transaction().execute(async (trx) => {
    const verdict = isGenuine
      ? await recordSight(trx, first.meter_id, evidence, lite, seenMs)
      : {
          checks: [fail('signature', 'Its token is not one of the meter.')],
          firstSeenMs: undefined,
        };
    await follow(context, trx, first.meter_id, evidence, verdict.checks);
    return verdict;
  });
}

async function recordSight(
  trx: AuthorityTransaction,
  meterId: string,
  indicium: Uint8Array,
  { pieceCount, postage }: IbiLiteIndicium,
  seenMs: number,
): Promise<LiteVerdict> {
  const genuine = pass('signature', `Its token is that of ${meterId} for ${formatMills(postage)}.`);
  const row = await trx
    .insertInto('lite_sightings')
    .values({
      meter_id: meterId,
      piece_count: pieceCount,
      indicium,
      first_seen_ms: seenMs,
      times_seen: 1,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['meter_id', 'piece_count'])
        .doUpdateSet((eb) => ({ times_seen: eb('lite_sightings.times_seen', '+', 1) })),
    )
    .returning(['indicium', 'first_seen_ms', 'times_seen'])
    .executeTakeFirstOrThrow();
  const full = await trx
    .selectFrom('sightings')
    .select('first_seen_ms')
    .where('meter_id', '=', meterId)
    .where('piece_count', '=', pieceCount)
    .executeTakeFirst();
  const isForged = full !== undefined || !equalBytes(row.indicium, indicium);
  const when = new Date(full?.first_seen_ms ?? row.first_seen_ms).toISOString();
  const forgery = isForged
    ? fail('forgery', `Another indicium with the same meter and piece number was seen at ${when}.`)
    : pass('forgery', 'No other indicium of this meter has its piece number.');
  const duplicate =
    row.times_seen > 1
      ? fail('duplicate', `This indicium was seen before, first at ${when}.`)
      : pass('duplicate', 'This indicium was not seen before.');
  return { checks: [genuine, forgery, duplicate], firstSeenMs: row.first_seen_ms };
}

/** A copy locks the meter, as that of a full indicium does; a wrong token says nothing of the meter. */
async function follow(
  context: AuthorityContext,
  trx: AuthorityTransaction,
  meterId: string,
  evidence: Uint8Array,
  checks: LiteVerdict['checks'],
): Promise<void> {
  for (const { name: kind, outcome, text } of checks) {
    if (outcome !== 'fail') continue;
    await recordFinding(context, trx, { kind, meterId, text, evidence });
    const id = parseMeterId(meterId);
    if (kind !== 'signature' && id !== undefined)
      await lockBecause(context, trx, { meterId: id, reason: 'duplicate', cause: text });
  }
}
