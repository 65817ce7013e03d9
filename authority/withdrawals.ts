/** Withdrawals: the proof that nothing is left in a meter is kept, counted once, and ends its licence (requirements.md B7; domain.md R22, R23). */

import { equalBytes } from '#protocol/bytes';
import { SIGNATURE_SIZE } from '#protocol/crypto';
import { formatMeterId } from '#protocol/documents/meter-id';
import { type WithdrawalReport, withdrawalReportDocument } from '#protocol/documents/withdrawal';
import type { AuthorityContext, AuthorityTransaction } from './context.ts';
import { signerOf } from './device-keys.ts';
import { recordFinding } from './findings.ts';
import { issueOrder, latestOrder } from './lock-orders.ts';
import { lockMeter } from './meters.ts';
import { type AuthorityOutcome, refuseBecause } from './refusals.ts';
import { revokeAllOf } from './user-keys/revocations.ts';

/** Takes a proof. The same proof gets the same order again; another one of the same meter is a finding. */
export async function takeWithdrawal(
  context: AuthorityContext,
  { report }: { readonly report: Uint8Array },
): Promise<AuthorityOutcome<{ readonly order: Uint8Array }>> {
  const read = withdrawalReportDocument.read(report);
  if (!read.ok) return refuseBecause('documentMalformed');
  const { meterId } = read.value;
  const signer = await signerOf(
    context,
    meterId,
    ({ publicKey }) => withdrawalReportDocument.verify(context.crypto, publicKey, report).ok,
  );
  if (!signer.ok) return signer;
  return context.db.transaction().execute(async (trx) => {
    await lockMeter(trx, meterId);
    const meter = formatMeterId(meterId);
    const { withdrawal, provider_id } = await trx
      .selectFrom('meters')
      .select(['withdrawal', 'provider_id'])
      .where('meter_id', '=', meter)
      .executeTakeFirstOrThrow();
    if (withdrawal !== null && !isSame(withdrawal, report)) {
      const text = 'The meter has proved two withdrawals: there are two meters.';
      await recordFinding(context, trx, {
        kind: 'withdrawal',
        meterId: meter,
        text,
        evidence: report,
      });
      return refuseBecause('meterWithdrawn');
    }
    if (withdrawal === null && provider_id !== null)
      await keep(context, trx, report, read.value, provider_id);
    const order = await latestOrder({ ...context, db: trx }, meterId);
    return order === undefined ? refuseBecause('meterNotLicensed') : { ok: true, value: { order } };
  });
}

/** The signature may have another form; what was signed tells. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return equalBytes(one.subarray(0, -SIGNATURE_SIZE), other.subarray(0, -SIGNATURE_SIZE));
}

async function keep(
  context: AuthorityContext,
  trx: AuthorityTransaction,
  bytes: Uint8Array,
  { meterId, postal, certificate, registers }: WithdrawalReport,
  providerId: number,
): Promise<void> {
  const meter = formatMeterId(meterId);
  await trx
    .updateTable('meters')
    .set({ withdrawal: bytes })
    .where('meter_id', '=', meter)
    .execute();
  await trx
    .updateTable('providers')
    .set((eb) => ({ withdrawn_total: eb('withdrawn_total', '+', postal + certificate) }))
    .where('provider_id', '=', providerId)
    .execute();
  const order = { meterId, action: 'revoke', reason: 'ordered' } as const;
  const cause = 'It was withdrawn, and proved that nothing is left in it.';
  await issueOrder(context, trx, order, cause);
  await revokeAllOf(context, trx, meterId, 'cessationOfOperation', cause);
  const { highest } = await trx
    .selectFrom('sightings')
    .select((eb) => eb.fn.max('piece_count').as('highest'))
    .where('meter_id', '=', meter)
    .executeTakeFirstOrThrow();
  if (highest !== null && highest > registers.pieceCount)
    await recordFinding(context, trx, {
      kind: 'indicia',
      meterId: meter,
      text: `Piece ${highest} was seen, but the meter was withdrawn after piece ${registers.pieceCount}.`,
      evidence: bytes,
    });
}

/** The proof of a meter that was withdrawn; undefined of one that was not. */
export async function withdrawalOf(
  { db }: Pick<AuthorityContext, 'db'>,
  meterId: Uint8Array,
): Promise<WithdrawalReport | undefined> {
  const row = await db
    .selectFrom('meters')
    .select('withdrawal')
    .where('meter_id', '=', formatMeterId(meterId))
    .executeTakeFirst();
  if (row === undefined || row.withdrawal === null) return undefined;
  const read = withdrawalReportDocument.read(row.withdrawal);
  if (!read.ok) throw new Error('the record of a withdrawal is damaged');
  return read.value;
}
