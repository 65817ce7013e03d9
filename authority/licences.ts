/** Licences: numbered, signed and recorded, the later one taking the place of the earlier (requirements.md G1). */

import { dateOf } from '#protocol/documents/date';
import {
  DESCENDING_MAX,
  issueLicence,
  type Licence,
  licenceDocument,
} from '#protocol/documents/licence';
import { formatMeterId } from '#protocol/documents/meter-id';
import type { Mills } from '#protocol/mills';
import { latestCertificate } from './certificates.ts';
import { type AuthorityContext, type AuthorityTransaction, nextNumber } from './context.ts';
import { lockMeter } from './meters.ts';
import { type AuthorityOutcome, refuseBecause } from './refusals.ts';

export interface LicenceOrder {
  readonly meterId: Uint8Array;
  /** Five digits as a number. */
  readonly originZip: number;
  /** The provider that may refill the meter. */
  readonly providerId: number;
  readonly descendingMax: Mills;
  readonly postageMin: Mills;
  readonly postageMax: Mills;
}

/** Mills; an indicium tells the postage in 24 bits. */
const POSTAGE_MAX = 0xff_ffff;

function isSound({ originZip, descendingMax, postageMin, postageMax }: LicenceOrder): boolean {
  return (
    originZip <= 99_999 &&
    descendingMax <= DESCENDING_MAX &&
    postageMin <= postageMax &&
    postageMax <= POSTAGE_MAX
  );
}

/** Licenses a certified meter; each call gives a new licence with the next sequence. */
export async function grantLicence(
  context: AuthorityContext,
  order: LicenceOrder,
): Promise<AuthorityOutcome<{ readonly licence: Uint8Array }>> {
  if (!isSound(order)) return refuseBecause('licenceInvalid');
  return context.db.transaction().execute(async (trx) => {
    if (!(await lockMeter(trx, order.meterId))) return refuseBecause('meterUnknown');
    if ((await latestCertificate({ db: trx }, order.meterId, 'indicium')) === undefined)
      return refuseBecause('meterNotCertified');
    const provider = await trx
      .selectFrom('providers')
      .select('public_key')
      .where('provider_id', '=', order.providerId)
      .executeTakeFirst();
    if (provider === undefined) return refuseBecause('providerUnknown');
    const licence = await issueNext(context, trx, order, provider.public_key);
    return { ok: true, value: { licence } };
  });
}

async function issueNext(
  { crypto, keys, now }: AuthorityContext,
  trx: AuthorityTransaction,
  order: LicenceOrder,
  providerKey: Uint8Array,
): Promise<Uint8Array> {
  const issuedMs = now();
  const meter = formatMeterId(order.meterId);
  const licenceNumber = await nextNumber(trx, 'licence');
  const { licence_sequence: sequence } = await trx
    .updateTable('meters')
    .set((eb) => ({ licence_sequence: eb('licence_sequence', '+', 1) }))
    .where('meter_id', '=', meter)
    .returning('licence_sequence')
    .executeTakeFirstOrThrow();
  const licence = issueLicence(crypto, keys, {
    ...order,
    sequence,
    licenceNumber,
    providerKey,
    issueDate: dateOf(issuedMs),
  });
  await trx
    .insertInto('licences')
    .values({
      licence_number: licenceNumber,
      meter_id: meter,
      sequence,
      licence,
      issued_ms: issuedMs,
    })
    .execute();
  return licence;
}

/** Every licence a meter was given, the latest first. */
export async function licencesOf(
  { db }: Pick<AuthorityContext, 'db'>,
  meterId: Uint8Array,
): Promise<readonly Licence[]> {
  const rows = await db
    .selectFrom('licences')
    .select('licence')
    .where('meter_id', '=', formatMeterId(meterId))
    .orderBy('sequence', 'desc')
    .execute();
  return rows.map(({ licence }) => {
    const fields = licenceDocument.read(licence);
    if (!fields.ok) throw new Error('the record of a licence is damaged');
    return fields.value;
  });
}
