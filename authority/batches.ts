/**
 * The daily batches of providers: signed movements of value, taken once and in order, as the one side of reconciliation
 * (requirements.md G7, G9).
 */

import { equalBytes } from '#protocol/bytes';
import { SIGNATURE_SIZE } from '#protocol/crypto';
import { type Batch, batchDocument, type Movement } from '#protocol/documents/batch';
import { formatMeterId } from '#protocol/documents/meter-id';
import { refillRequestDocument } from '#protocol/documents/refill';
import {
  withdrawalReportDocument,
  withdrawalRequestDocument,
} from '#protocol/documents/withdrawal';
import type { Reconciliation } from '#protocol/http/reconciliation';
import type { AuthorityContext, AuthorityTransaction } from './context.ts';
import { signerOf } from './device-keys.ts';
import { recordFinding } from './findings.ts';
import { lockBecause } from './lock-orders.ts';
import { compareBooks } from './reconciliation.ts';
import { type AuthorityOutcome, refuseBecause } from './refusals.ts';
import { lockProvider } from './value.ts';

/** Takes the next batch of a provider, or the last ones again, and compares the books. */
export async function takeBatch(
  context: AuthorityContext,
  { batch }: { readonly batch: Uint8Array },
): Promise<AuthorityOutcome<Reconciliation>> {
  const read = batchDocument.read(batch);
  if (!read.ok) return refuseBecause('documentMalformed');
  const { providerId } = read.value;
  const provider = await context.db
    .selectFrom('providers')
    .select('public_key')
    .where('provider_id', '=', providerId)
    .executeTakeFirst();
  if (provider === undefined) return refuseBecause('providerUnknown');
  if (!batchDocument.verify(context.crypto, provider.public_key, batch).ok)
    return refuseBecause('signatureInvalid');
  return context.db.transaction().execute(async (trx) => {
    await lockProvider(trx, providerId);
    const refusal = await keepOnce(context, trx, batch, read.value);
    if (refusal !== undefined) return refuseBecause(refusal);
    return { ok: true, value: await compareBooks(trx, providerId) };
  });
}

async function keepOnce(
  context: AuthorityContext,
  trx: AuthorityTransaction,
  bytes: Uint8Array,
  batch: Batch,
): Promise<'batchChanged' | 'batchOutOfSequence' | undefined> {
  const { providerId, number } = batch;
  const ofProvider = trx.selectFrom('batches').where('provider_id', '=', providerId);
  const taken = await ofProvider.select('batch').where('number', '=', number).executeTakeFirst();
  if (taken !== undefined) return isSame(taken.batch, bytes) ? undefined : 'batchChanged';
  const last = await ofProvider
    .select(['number', 'batch'])
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (number !== (last?.number ?? 0) + 1) return 'batchOutOfSequence';
  await trx
    .insertInto('batches')
    .values({ provider_id: providerId, number, batch: bytes, received_ms: context.now() })
    .execute();
  for (const movement of batch.movements) await keepMovement(context, trx, batch, movement);
  for (const suspect of batch.suspects) await followSuspect(context, trx, providerId, suspect);
  return undefined;
}

/** The signature may have another form; what was signed tells. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return equalBytes(one.subarray(0, -SIGNATURE_SIZE), other.subarray(0, -SIGNATURE_SIZE));
}

/** What was told once is not told otherwise later: that is a finding. A refill is a contact of the meter. */
async function keepMovement(
  context: AuthorityContext,
  trx: AuthorityTransaction,
  { providerId, number }: Batch,
  { meterId, sequence, kind, account, amount, timeMs }: Movement,
): Promise<void> {
  const meter = formatMeterId(meterId);
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('movements')
    .values({
      meter_id: meter,
      sequence,
      provider_id: providerId,
      kind,
      account,
      amount,
      time_ms: timeMs,
    })
    .onConflict((conflict) => conflict.columns(['meter_id', 'sequence']).doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows !== 1n) {
    const text = `Batch ${number} of provider ${providerId} tells movement ${sequence} of the meter a second time.`;
    const evidence = new Uint8Array(0);
    await recordFinding(context, trx, { kind: 'movement', meterId: meter, text, evidence });
    return;
  }
  if (kind === 'withdrawal' || amount === 0) return;
  const contactMs = Math.min(timeMs, context.now());
  await trx
    .updateTable('meters')
    .set({ contact_ms: contactMs })
    .where('meter_id', '=', meter)
    .where('provider_id', '=', providerId)
    .where('contact_ms', '<', contactMs)
    .execute();
}

/** A request that a meter of this provider signed and that contradicts its books: the meter is locked until it is inspected. */
async function followSuspect(
  context: AuthorityContext,
  trx: AuthorityTransaction,
  providerId: number,
  evidence: Uint8Array,
): Promise<void> {
  const document = [
    refillRequestDocument,
    withdrawalRequestDocument,
    withdrawalReportDocument,
  ].find(({ read }) => read(evidence).ok);
  const claimed = document?.read(evidence);
  if (document === undefined || claimed === undefined || !claimed.ok) return;
  const { meterId } = claimed.value;
  const signer = await signerOf(
    { db: trx },
    meterId,
    ({ publicKey }) => document.verify(context.crypto, publicKey, evidence).ok,
  );
  if (!signer.ok) return;
  const meter = formatMeterId(meterId);
  const row = await trx
    .selectFrom('meters')
    .select('provider_id')
    .where('meter_id', '=', meter)
    .executeTakeFirst();
  if (row?.provider_id !== providerId) return;
  const text = `Provider ${providerId} tells that a request of the meter contradicts what was credited to it.`;
  await recordFinding(context, trx, { kind: 'registers', meterId: meter, text, evidence });
  await lockBecause(context, trx, { meterId, reason: 'registers', cause: text });
}
