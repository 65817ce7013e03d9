/** What meters tell of keys they have destroyed, and what is still to be paid for it (requirements.md D5; P fig. 6, 620 to 624). */

import { equalBytes } from '#protocol/bytes';
import { formatMeterId, parseMeterId } from '#protocol/documents/meter-id';
import {
  type RevocationConfirmationFields,
  type RevocationReason,
  revocationConfirmationDocument,
} from '#protocol/documents/user-key';
import { type Mills, mills } from '#protocol/mills';
import type { AuthorityContext, AuthorityTransaction } from '../context.ts';
import { namedSignerOf } from '../device-keys.ts';
import { lockMeter } from '../meters.ts';
import { type AuthorityOutcome, refuseBecause } from '../refusals.ts';

/** At most so many revocations in one answer. */
export const REVOCATIONS_LIMIT = 100;

export interface ConfirmedRevocation {
  readonly paid: Mills;
  readonly due: Mills;
}

/** Takes the confirmation of a meter, and enters time and payment (622). The same one, sent again, changes nothing. */
export async function takeConfirmation(
  context: AuthorityContext,
  { confirmation }: { readonly confirmation: Uint8Array },
): Promise<AuthorityOutcome<ConfirmedRevocation>> {
  const { crypto } = context;
  const read = revocationConfirmationDocument.read(confirmation);
  if (!read.ok) return refuseBecause('documentMalformed');
  const { meterId } = read.value;
  return context.db.transaction().execute(async (trx) => {
    if (!(await lockMeter(trx, meterId))) return refuseBecause('meterUnknown');
    const signer = await namedSignerOf(
      { db: trx, crypto },
      revocationConfirmationDocument,
      confirmation,
      read.value,
    );
    if (!signer.ok) return signer;
    return enter(context, trx, read.value, confirmation);
  });
}

async function enter(
  { crypto, now }: AuthorityContext,
  trx: AuthorityTransaction,
  fields: RevocationConfirmationFields,
  confirmation: Uint8Array,
): Promise<AuthorityOutcome<ConfirmedRevocation>> {
  const { paid, due } = fields;
  const row = await trx
    .selectFrom('revocations')
    .selectAll()
    .where('meter_id', '=', formatMeterId(fields.meterId))
    .where('key_number', '=', fields.number)
    .executeTakeFirst();
  const orders =
    row === undefined ? [] : [row.order_document, row.order_anew ?? row.order_document];
  if (
    row === undefined ||
    !orders.some((each) => equalBytes(crypto.sha256(each), fields.orderDigest))
  )
    return refuseBecause('revocationUnknown');
  if (row.confirmation !== null) {
    const isSame = row.paid === paid && row.due === due && row.destroyed_ms === fields.timeMs;
    return isSame ? { ok: true, value: { paid, due } } : refuseBecause('confirmationChanged');
  }
  await trx
    .updateTable('revocations')
    .set({ confirmation, confirmed_ms: now(), destroyed_ms: fields.timeMs, paid, due })
    .where('serial', '=', row.serial)
    .execute();
  return { ok: true, value: { paid, due } };
}

export interface RevocationRecord {
  /** Of the request that the certificate was issued for. */
  readonly number: number;
  /** Of the certificate, hexadecimal. */
  readonly serial: string;
  readonly meterId: Uint8Array;
  readonly key: number;
  readonly reason: RevocationReason;
  readonly isForced: boolean;
  readonly cause: string;
  readonly orderedMs: number;
  /** By the clock of the meter; undefined where it has not confirmed yet, as the next two then. */
  readonly destroyedMs: number | undefined;
  readonly paid: Mills | undefined;
  readonly due: Mills | undefined;
}

/** The revocations behind a number of a request; those with something to be paid alone where that is asked. */
export async function listRevocations(
  { db }: Pick<AuthorityContext, 'db'>,
  { after, isDue }: { readonly after: number; readonly isDue: boolean },
): Promise<readonly RevocationRecord[]> {
  let query = db
    .selectFrom('revocations as end')
    .innerJoin('user_certificates as given', 'given.serial', 'end.serial')
    .selectAll('end')
    .select('given.request_number')
    .where('given.request_number', '>', after);
  if (isDue) query = query.where('end.due', '>', 0);
  const rows = await query.orderBy('given.request_number').limit(REVOCATIONS_LIMIT).execute();
  return rows.map((row) => {
    const meterId = parseMeterId(row.meter_id);
    if (meterId === undefined) throw new Error('the record of a revocation is damaged');
    return {
      number: row.request_number,
      serial: row.serial,
      meterId,
      key: row.key_number,
      reason: row.reason,
      isForced: row.is_forced === 1,
      cause: row.cause,
      orderedMs: row.ordered_ms,
      destroyedMs: row.destroyed_ms ?? undefined,
      paid: row.paid === null ? undefined : mills(row.paid),
      due: row.due === null ? undefined : mills(row.due),
    };
  });
}
