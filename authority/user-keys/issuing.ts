/** The certificate of a key that a meter holds, once its holder is known (requirements.md D4, D7, G8; P fig. 5, 518). */

import { addDays, dateOf } from '#protocol/documents/date';
import { formatMeterId } from '#protocol/documents/meter-id';
import { keyGrantDocument, keyRequestDocument } from '#protocol/documents/user-key';
import type { AuthorityContext, AuthorityTransaction } from '../context.ts';
import { lockMeter } from '../meters.ts';
import { type AuthorityOutcome, refuseBecause } from '../refusals.ts';
import { signedAnew } from '../signed-anew.ts';
import { issueUserCertificate } from '../x509/issue.ts';
import { nameOfRoot, placesOf, rootOfToday } from '../x509/roots.ts';
import { reasonAgainstMeter } from './requests.ts';

/** Days a certificate is valid, the first one counted: no longer than from one rollover of the authority to the next but one. */
const USER_CERTIFICATE_DAYS = 366;

export interface KeyInMeter {
  readonly meterId: Uint8Array;
  /** Number of the key in the meter. */
  readonly key: number;
}

export interface GivenCertificate {
  /** X.509, DER. */
  readonly certificate: Uint8Array;
  /** What the meter judges. */
  readonly grant: Uint8Array;
  /** The root that issued it, DER. */
  readonly root: Uint8Array;
}

/** Gives the certificate of a key whose request was approved; the same one for ever. */
export async function takeKeyCertificate(
  context: AuthorityContext,
  which: KeyInMeter,
): Promise<AuthorityOutcome<GivenCertificate>> {
  return context.db.transaction().execute(async (trx) => {
    if (!(await lockMeter(trx, which.meterId))) return refuseBecause('meterUnknown');
    const row = await trx
      .selectFrom('key_requests')
      .selectAll()
      .where('meter_id', '=', formatMeterId(which.meterId))
      .where('key_number', '=', which.key)
      .executeTakeFirst();
    if (row === undefined) return refuseBecause('keyRequestUnknown');
    const { state, number } = row;
    switch (state) {
      case 'pending':
        return refuseBecause('keyRequestPending');
      case 'refused':
        return refuseBecause('keyRequestRefused', row.reason ?? '');
      case 'issued':
        return { ok: true, value: await given(context, trx, number) };
      case 'approved': {
        const refusal = await reasonAgainstMeter(trx, which.meterId);
        if (refusal !== undefined) return refuseBecause(refusal);
        await issueFor(context, trx, number, row.request);
        return { ok: true, value: await given(context, trx, number) };
      }
    }
  });
}

async function issueFor(
  context: AuthorityContext,
  trx: AuthorityTransaction,
  number: number,
  request: Uint8Array,
): Promise<void> {
  const { crypto, keys, now } = context;
  const read = keyRequestDocument.read(request);
  if (!read.ok) throw new Error('the record of a request is damaged');
  const key = read.value;
  const root = await rootOfToday(context, trx);
  const issuedMs = now();
  const validFrom = dateOf(issuedMs);
  const validTo = addDays(validFrom, USER_CERTIFICATE_DAYS - 1);
  const { certificate, serial } = issueUserCertificate(crypto, keys, {
    key,
    issuerName: nameOfRoot(root),
    validFrom,
    validTo,
    places: placesOf(context, root.publicKey),
  });
  const grant = keyGrantDocument.issue(crypto, keys, {
    meterId: key.meterId,
    number: key.number,
    publicKey: key.publicKey,
    uses: key.uses,
    certificateDigest: crypto.sha256(certificate),
    serial,
    validFrom,
    validTo,
  });
  await trx
    .insertInto('user_certificates')
    .values({
      serial: Buffer.from(serial).toString('hex'),
      request_number: number,
      root_key: root.publicKey,
      certificate,
      grant_document: grant,
      valid_from: validFrom,
      valid_to: validTo,
      issued_ms: issuedMs,
    })
    .execute();
  await trx
    .updateTable('key_requests')
    .set({ state: 'issued' })
    .where('number', '=', number)
    .execute();
}

async function given(
  context: AuthorityContext,
  trx: AuthorityTransaction,
  number: number,
): Promise<GivenCertificate> {
  const row = await trx
    .selectFrom('user_certificates as given')
    .innerJoin('roots as root', 'root.public_key', 'given.root_key')
    .select(['given.certificate', 'given.grant_document', 'root.certificate as root'])
    .where('given.request_number', '=', number)
    .executeTakeFirstOrThrow();
  const { certificate, root, grant_document } = row;
  return { certificate, root, grant: signedAnew(context, keyGrantDocument, grant_document) };
}
