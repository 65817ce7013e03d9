/**
 * Certificates revoked (requirements.md D5, G8; P fig. 6): by the user, who signs it in the meter, or forced by the authority. The
 * certificate is on the list from the moment the order is signed, whenever the meter hears of it.
 */

import { equalBytes } from '#protocol/bytes';
import { keyId } from '#protocol/documents/key-id';
import { formatMeterId } from '#protocol/documents/meter-id';
import {
  keyRequestDocument,
  type RevocationReason,
  revocationOrderDocument,
  revocationRequestDocument,
} from '#protocol/documents/user-key';
import type { AuthorityContext, AuthorityTransaction } from '../context.ts';
import { namedSignerOf } from '../device-keys.ts';
import { lockMeter } from '../meters.ts';
import { type AuthorityOutcome, refuseBecause } from '../refusals.ts';

/** At most so many orders in one answer: as many as a meter has keys. */
export const REVOCATION_ORDERS_LIMIT = 8;

/** Takes the request of a user, which the meter signed (602 to 608). Whoever asks again gets the same order. */
export async function takeRevocation(
  context: AuthorityContext,
  { request }: { readonly request: Uint8Array },
): Promise<AuthorityOutcome<{ readonly order: Uint8Array }>> {
  const { crypto } = context;
  const read = revocationRequestDocument.read(request);
  if (!read.ok) return refuseBecause('documentMalformed');
  const { meterId, number: key, publicKey, reason } = read.value;
  return context.db.transaction().execute(async (trx) => {
    if (!(await lockMeter(trx, meterId))) return refuseBecause('meterUnknown');
    const signer = await namedSignerOf(
      { db: trx, crypto },
      revocationRequestDocument,
      request,
      read.value,
    );
    if (!signer.ok) return signer;
    const given = await certificateOf(trx, formatMeterId(meterId), key);
    if (given === undefined || !equalBytes(given.public_key, publicKey))
      return refuseBecause('certificateUnknown');
    const wanted = { reason, isForced: false, isCharged: true, cause: BY_USER, request };
    return { ok: true, value: { order: await orderFor(context, trx, given, wanted) } };
  });
}

const BY_USER = 'The user asked for it.';

/** Revokes by the operator's word. The meter does it at its next contact, and is not charged. */
export async function forceRevocation(
  context: AuthorityContext,
  { number, reason }: { readonly number: number; readonly reason: RevocationReason },
): Promise<AuthorityOutcome<{ readonly order: Uint8Array }>> {
  return context.db.transaction().execute(async (trx) => {
    const given = await issuedFor(trx).where('asked.number', '=', number).executeTakeFirst();
    if (given === undefined) return refuseBecause('certificateUnknown');
    const cause = `The operator ordered it: ${reason}.`;
    const wanted = { reason, isForced: true, isCharged: false, cause };
    return { ok: true, value: { order: await orderFor(context, trx, given, wanted) } };
  });
}

/** Revokes all certificates of a meter that is no more. @param cause for a person */
export async function revokeAllOf(
  context: AuthorityContext,
  trx: AuthorityTransaction,
  meterId: Uint8Array,
  reason: RevocationReason,
  cause: string,
): Promise<void> {
  const rows = await issuedFor(trx).where('asked.meter_id', '=', formatMeterId(meterId)).execute();
  for (const given of rows)
    await orderFor(context, trx, given, { reason, isForced: true, isCharged: false, cause });
}

function issuedFor(trx: AuthorityTransaction) {
  return trx
    .selectFrom('key_requests as asked')
    .innerJoin('user_certificates as given', 'given.request_number', 'asked.number')
    .select([
      'given.serial',
      'asked.meter_id',
      'asked.key_number',
      'asked.public_key',
      'asked.request',
    ]);
}
type Given = Awaited<ReturnType<ReturnType<typeof issuedFor>['executeTakeFirstOrThrow']>>;

const certificateOf = (trx: AuthorityTransaction, meter: string, key: number) =>
  issuedFor(trx)
    .where('asked.meter_id', '=', meter)
    .where('asked.key_number', '=', key)
    .executeTakeFirst();

interface Wanted {
  readonly reason: RevocationReason;
  readonly isForced: boolean;
  readonly isCharged: boolean;
  readonly cause: string;
  readonly request?: Uint8Array;
}

/** The order to revoke a certificate: the one that was signed already, or another one now. */
async function orderFor(
  context: AuthorityContext,
  trx: AuthorityTransaction,
  given: Given,
  { reason, isForced, isCharged, cause, request }: Wanted,
): Promise<Uint8Array> {
  const { crypto, keys, now } = context;
  const read = keyRequestDocument.read(given.request);
  if (!read.ok) throw new Error('the record of a request is damaged');
  const { meterId, number, publicKey } = read.value;
  const orderedMs = now();
  const fields = { meterId, number, publicKey, reason, timeMs: orderedMs, isCharged, isForced };
  await trx
    .insertInto('revocations')
    .values({
      serial: given.serial,
      meter_id: given.meter_id,
      key_number: given.key_number,
      reason,
      is_forced: isForced ? 1 : 0,
      is_charged: isCharged ? 1 : 0,
      cause,
      ...(request !== undefined && { request }),
      order_document: revocationOrderDocument.issue(crypto, keys, fields),
      ordered_ms: orderedMs,
    })
    .onConflict((conflict) => conflict.column('serial').doNothing())
    .execute();
  return orderOfToday(context, trx, given.serial);
}

/**
 * An order as it is handed out today. One that an earlier key signed is signed anew, once: the meter confirms the digest of the
 * bytes that it had.
 */
async function orderOfToday(
  { crypto, keys }: AuthorityContext,
  trx: AuthorityTransaction,
  serial: string,
): Promise<Uint8Array> {
  const row = await trx
    .selectFrom('revocations')
    .select(['order_document', 'order_anew'])
    .where('serial', '=', serial)
    .executeTakeFirstOrThrow();
  const latest = row.order_anew ?? row.order_document;
  const read = revocationOrderDocument.read(latest);
  if (!read.ok) throw new Error('the record of an order is damaged');
  if (equalBytes(read.value.issuerKeyId, keyId(crypto, keys.publicKey))) return latest;
  const anew = revocationOrderDocument.issue(crypto, keys, read.value);
  await trx
    .updateTable('revocations')
    .set({ order_anew: anew })
    .where('serial', '=', serial)
    .execute();
  return anew;
}

/** The orders that a meter has not confirmed, the oldest first. */
export async function revocationOrders(
  context: AuthorityContext,
  { meterId }: { readonly meterId: Uint8Array },
): Promise<AuthorityOutcome<{ readonly orders: readonly Uint8Array[] }>> {
  return context.db.transaction().execute(async (trx) => {
    if (!(await lockMeter(trx, meterId))) return refuseBecause('meterUnknown');
    const rows = await trx
      .selectFrom('revocations')
      .select('serial')
      .where('meter_id', '=', formatMeterId(meterId))
      .where('confirmation', 'is', null)
      .orderBy('ordered_ms')
      .orderBy('serial')
      .limit(REVOCATION_ORDERS_LIMIT)
      .execute();
    const orders: Uint8Array[] = [];
    for (const { serial } of rows) orders.push(await orderOfToday(context, trx, serial));
    return { ok: true, value: { orders } };
  });
}
