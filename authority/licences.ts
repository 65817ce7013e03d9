/** Licences: numbered, signed and recorded, the later one taking the place of the earlier (requirements.md G1). */

import { addDays, dateOf, isDate } from '#protocol/documents/date';
import {
  isLicence,
  issueLicence,
  type Licence,
  type LicenceFields,
  licenceDocument,
  ordinaryTerms,
} from '#protocol/documents/licence';
import { formatMeterId } from '#protocol/documents/meter-id';
import { type Mills, mills } from '#protocol/mills';
import { latestCertificate } from './certificates.ts';
import { type AuthorityContext, type AuthorityTransaction, nextNumber } from './context.ts';
import { lockMeter } from './meters.ts';
import { type AuthorityOutcome, type AuthorityRefusal, refuseBecause } from './refusals.ts';
import { signedAnew } from './signed-anew.ts';

/** What the authority itself fills in. */
type Given = 'sequence' | 'licenceNumber' | 'providerKey' | 'issueDate';
type Required =
  | 'meterId'
  | 'originZip'
  | 'providerId'
  | 'descendingMax'
  | 'postageMin'
  | 'postageMax';
type Terms = Omit<LicenceFields, Given>;

/** Every term of a licence; those that are left out are {@link ordinaryTerms}. */
export type LicenceOrder = Pick<Terms, Required> & {
  readonly [Name in Exclude<keyof Terms, Required>]?: Terms[Name] | undefined;
};

/** How long a licence is valid unless told otherwise: five years. */
const LICENCE_DAYS = 5 * 365;

/** Mills; an indicium tells the postage in 24 bits. */
const POSTAGE_MAX = 0xff_ffff;

/** The whole of a licence but what is given with its signature. */
function termsOf(order: LicenceOrder, issueDate: number): Terms {
  const told = Object.fromEntries(Object.entries(order).filter(([, term]) => term !== undefined));
  const accountKind = order.accountKind ?? ordinaryTerms.accountKind;
  const ofCertificates = accountKind === 'separate' ? order.descendingMax : mills(0);
  return {
    ...ordinaryTerms,
    certificateDescendingMax: ofCertificates,
    validTo: addDays(issueDate, LICENCE_DAYS),
    ...(told as LicenceOrder & Partial<Terms>),
  } as Terms;
}

/** Whether the terms fit a licence: each its field, and all together. */
function isSound(terms: Terms, issueDate: number): boolean {
  const { originZip, postageMin, postageMax, highValue, validTo, services } = terms;
  const given = { sequence: 1, licenceNumber: 1, providerKey: new Uint8Array(33) };
  const fit24: readonly Mills[] = [postageMin, postageMax, highValue];
  return (
    originZip <= 99_999 &&
    fit24.every((amount) => amount <= POSTAGE_MAX) &&
    isDate(validTo) &&
    services.length <= 0xff &&
    isLicence({ ...terms, ...given, issueDate })
  );
}

/** Licenses a certified meter; each call gives a new licence with the next sequence. */
export async function grantLicence(
  context: AuthorityContext,
  order: LicenceOrder,
): Promise<AuthorityOutcome<{ readonly licence: Uint8Array }>> {
  const issueDate = dateOf(context.now());
  const terms = termsOf(order, issueDate);
  if (!isSound(terms, issueDate)) return refuseBecause('licenceInvalid');
  return context.db.transaction().execute(async (trx) => {
    if (!(await lockMeter(trx, order.meterId))) return refuseBecause('meterUnknown');
    const refusal = await reasonAgainst(trx, terms);
    if (refusal !== undefined) return refuseBecause(refusal);
    const provider = await trx
      .selectFrom('providers')
      .select('public_key')
      .where('provider_id', '=', order.providerId)
      .executeTakeFirst();
    if (provider === undefined) return refuseBecause('providerUnknown');
    const licence = await issueNext(context, trx, terms, provider.public_key);
    return { ok: true, value: { licence } };
  });
}

/**
 * Why a meter gets no such licence. What a current account has spent and not settled is told from its ascending register, so
 * that an account of that kind never was another one, and never becomes one.
 */
async function reasonAgainst(
  trx: AuthorityTransaction,
  { meterId, accountKind }: Terms,
): Promise<AuthorityRefusal | undefined> {
  if ((await latestCertificate({ db: trx }, meterId, 'indicium')) === undefined)
    return 'meterNotCertified';
  const meter = await trx
    .selectFrom('meters')
    .select(['account_kind', 'lock_action'])
    .where('meter_id', '=', formatMeterId(meterId))
    .executeTakeFirstOrThrow();
  if (meter.lock_action === 'revoke') return 'meterRevoked';
  const { account_kind: before } = meter;
  if (before !== null && (before === 'current') !== (accountKind === 'current'))
    return 'accountKindFixed';
  return undefined;
}

async function issueNext(
  { crypto, keys, now }: AuthorityContext,
  trx: AuthorityTransaction,
  terms: Terms,
  providerKey: Uint8Array,
): Promise<Uint8Array> {
  const issuedMs = now();
  const meter = formatMeterId(terms.meterId);
  const licenceNumber = await nextNumber(trx, 'licence');
  const { licence_sequence: sequence } = await trx
    .updateTable('meters')
    .set((eb) => ({
      licence_sequence: eb('licence_sequence', '+', 1),
      provider_id: terms.providerId,
      account_kind: terms.accountKind,
      warn_hours: terms.inspectionWarnHours,
      lock_hours: terms.inspectionLockHours,
      contact_ms: eb.fn.coalesce('contact_ms', eb.val(issuedMs)),
    }))
    .where('meter_id', '=', meter)
    .returning('licence_sequence')
    .executeTakeFirstOrThrow();
  const issueDate = dateOf(issuedMs);
  const licence = issueLicence(crypto, keys, {
    ...terms,
    sequence,
    licenceNumber,
    providerKey,
    issueDate,
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

/** The latest licence of a meter. */
export async function latestLicence(
  context: AuthorityContext,
  { meterId }: { readonly meterId: Uint8Array },
): Promise<AuthorityOutcome<{ readonly licence: Uint8Array }>> {
  const row = await context.db
    .selectFrom('licences')
    .select('licence')
    .where('meter_id', '=', formatMeterId(meterId))
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return refuseBecause('meterNotLicensed');
  return { ok: true, value: { licence: signedAnew(context, licenceDocument, row.licence) } };
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
