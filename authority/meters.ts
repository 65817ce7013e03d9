/** Making a meter: its number is allotted, its keys are certified (requirements.md C3, D7). */

import { equalBytes } from '#protocol/bytes';
import { type BornKeys, verifyMakingProof } from '#protocol/documents/making';
import { encodeMeterId, formatMeterId } from '#protocol/documents/meter-id';
import type { LockAction } from '#protocol/documents/orders';
import { EMPTY_LOG } from '#protocol/documents/security-log';
import { type Mills, mills } from '#protocol/mills';
import {
  certifyPair,
  isPublicKey,
  latestCertificate,
  type MeterCertificates,
} from './certificates.ts';
import { type AuthorityContext, type AuthorityTransaction, nextNumber } from './context.ts';
import { type AuthorityOutcome, refuseBecause } from './refusals.ts';

/** A number that no other meter has. @param model four characters of 0-9 and A-Z */
export async function allotMeter(
  context: AuthorityContext,
  { model }: { readonly model: string },
): Promise<AuthorityOutcome<{ readonly meterId: Uint8Array }>> {
  return context.db.transaction().execute(async (trx) => {
    const serial = await nextNumber(trx, `meter ${model}`);
    const meterId = encodeMeterId({ model, serial });
    await trx
      .insertInto('meters')
      .values({
        meter_id: formatMeterId(meterId),
        licence_sequence: 0,
        made_ms: context.now(),
        lock_sequence: 0,
        log_count: 0,
        log_head: EMPTY_LOG.head,
        spoilage_refunded: 0,
      })
      .execute();
    return { ok: true, value: { meterId } };
  });
}

export interface MeterKeys extends BornKeys {
  /** Signed by the device key when the keys were born, 64 bytes. */
  readonly proof: Uint8Array;
}

/** Certifies the two keys that were born in a meter. The same keys get the same certificates; other keys are refused. */
export async function certifyMeter(
  context: AuthorityContext,
  keys: MeterKeys,
): Promise<AuthorityOutcome<MeterCertificates>> {
  const { meterId, deviceKey, indiciumKey, proof } = keys;
  const areKeys = [deviceKey, indiciumKey].every((key) => isPublicKey(context, key));
  if (!areKeys || equalBytes(deviceKey, indiciumKey)) return refuseBecause('keyInvalid');
  if (!verifyMakingProof(context.crypto, keys, proof)) return refuseBecause('signatureInvalid');
  return context.db.transaction().execute(async (trx) => {
    if (!(await lockMeter(trx, meterId))) return refuseBecause('meterUnknown');
    const device = await latestCertificate({ db: trx }, meterId, 'device');
    const indicium = await latestCertificate({ db: trx }, meterId, 'indicium');
    if (device !== undefined && indicium !== undefined)
      return equalBytes(device.fields.publicKey, deviceKey) &&
        equalBytes(indicium.fields.publicKey, indiciumKey)
        ? { ok: true, value: { device: device.certificate, indicium: indicium.certificate } }
        : refuseBecause('meterCertified');
    return { ok: true, value: await certifyPair(context, trx, keys) };
  });
}

/**
 * Holds a meter until the transaction ends, so that two requests about it follow one another: writing a row locks it on
 * every data base.
 * @returns false where there is no such meter
 */
export async function lockMeter(trx: AuthorityTransaction, meterId: Uint8Array): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('meters')
    .set((eb) => ({ licence_sequence: eb.ref('licence_sequence') }))
    .where('meter_id', '=', formatMeterId(meterId))
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export interface MeterRecord {
  /** Of its latest licence; 0 where it has none. */
  readonly licenceSequence: number;
  /** The latest order to it. */
  readonly lock: LockAction | undefined;
  readonly isWithdrawn: boolean;
  /** Records of its security log that are here. */
  readonly logCount: number;
  /** When it was last inspected or refilled, as far as is known, or first licensed. */
  readonly contactMs: number | undefined;
  /** When a report of it was last accepted. */
  readonly reportMs: number | undefined;
  /** What was refunded of its spoiled pieces. */
  readonly spoilageRefunded: Mills;
}

/** What the authority knows of a meter. */
export async function readMeter(
  { db }: Pick<AuthorityContext, 'db'>,
  { meterId }: { readonly meterId: Uint8Array },
): Promise<AuthorityOutcome<MeterRecord>> {
  const row = await db
    .selectFrom('meters')
    .selectAll()
    .where('meter_id', '=', formatMeterId(meterId))
    .executeTakeFirst();
  if (row === undefined) return refuseBecause('meterUnknown');
  const value = {
    licenceSequence: row.licence_sequence,
    lock: row.lock_action ?? undefined,
    isWithdrawn: row.withdrawal !== null,
    logCount: row.log_count,
    contactMs: row.contact_ms ?? undefined,
    reportMs: row.report_ms ?? undefined,
    spoilageRefunded: mills(row.spoilage_refunded),
  };
  return { ok: true, value };
}
