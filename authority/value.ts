/**
 * Value issued to the pools of providers, each request exactly once (requirements.md G3).
 *
 * Whatever money there is in meters and pools was issued here: the total of a provider only grows, by the amount of
 * each issue, and each issue tells the total it led to.
 */

import { encodeMeterId } from '#protocol/documents/meter-id';
import {
  issueValue,
  readValueRequest,
  type ValueRequest,
  verifyValueRequest,
} from '#protocol/documents/value';
import { MILLS_MAX, type Mills, mills } from '#protocol/mills';
import { isPublicKey, issueCertificate } from './certificates.ts';
import { type AuthorityContext, type AuthorityTransaction, nextNumber } from './context.ts';
import { type AuthorityOutcome, refuseBecause } from './refusals.ts';

/** What stands for vendor and model where the subject of a certificate is a provider. */
const PROVIDER_MODEL = 'PROV';

/** The subject of a provider's certificate. @param providerId 0 to 4,294,967,295 */
function providerSubject(providerId: number): Uint8Array {
  return encodeMeterId({ model: PROVIDER_MODEL, serial: providerId });
}

export interface Registration {
  readonly providerId: number;
  readonly certificate: Uint8Array;
}

/** Registers a provider by its key and certifies it. The same key gets the same answer. */
export async function registerProvider(
  context: AuthorityContext,
  { name, publicKey }: { readonly name: string; readonly publicKey: Uint8Array },
): Promise<AuthorityOutcome<Registration>> {
  if (!isPublicKey(context, publicKey)) return refuseBecause('keyInvalid');
  return context.db.transaction().execute(async (trx) => {
    // taken first: it makes two registrations of one key follow one another
    const providerId = await nextNumber(trx, 'provider');
    const known = await trx
      .selectFrom('providers')
      .select(['provider_id', 'certificate'])
      .where('public_key', '=', publicKey)
      .executeTakeFirst();
    if (known !== undefined)
      return { ok: true, value: { providerId: known.provider_id, certificate: known.certificate } };
    const certificate = await issueCertificate(context, trx, {
      subject: providerSubject(providerId),
      usage: 'provider',
      publicKey,
    });
    await trx
      .insertInto('providers')
      .values({
        provider_id: providerId,
        name,
        public_key: publicKey,
        certificate,
        issued_total: 0,
        issue_sequence: 0,
      })
      .execute();
    return { ok: true, value: { providerId, certificate } };
  });
}

/** Answers a provider's signed request for value; the same request gets the same issue for ever. */
export async function answerValueRequest(
  context: AuthorityContext,
  { request }: { readonly request: Uint8Array },
): Promise<AuthorityOutcome<{ readonly issue: Uint8Array }>> {
  const read = readValueRequest(request);
  if (!read.ok) return refuseBecause('documentMalformed');
  const provider = await context.db
    .selectFrom('providers')
    .select('public_key')
    .where('provider_id', '=', read.value.providerId)
    .executeTakeFirst();
  if (provider === undefined) return refuseBecause('providerUnknown');
  if (!verifyValueRequest(context.crypto, provider.public_key, request).ok)
    return refuseBecause('signatureInvalid');
  return context.db.transaction().execute((trx) => answerOnce(context, trx, read.value));
}

async function answerOnce(
  context: AuthorityContext,
  trx: AuthorityTransaction,
  { providerId, requestId, amount }: ValueRequest,
): Promise<AuthorityOutcome<{ readonly issue: Uint8Array }>> {
  // writing the row holds it: requests of one provider follow one another
  const account = await trx
    .updateTable('providers')
    .set((eb) => ({ issue_sequence: eb.ref('issue_sequence') }))
    .where('provider_id', '=', providerId)
    .returning(['issue_sequence', 'issued_total'])
    .executeTakeFirstOrThrow();
  const answered = await trx
    .selectFrom('value_issues')
    .select(['amount', 'issue'])
    .where('provider_id', '=', providerId)
    .where('request_id', '=', requestId)
    .executeTakeFirst();
  if (answered !== undefined)
    return answered.amount === amount
      ? { ok: true, value: { issue: answered.issue } }
      : refuseBecause('requestIdReused');
  if (account.issued_total + amount > MILLS_MAX) return refuseBecause('issueTooLarge');
  const sequence = account.issue_sequence + 1;
  const issuedTotal = mills(account.issued_total + amount);
  const issue = issueValue(context.crypto, context.keys, {
    providerId,
    requestId,
    amount,
    sequence,
    issuedTotal,
    timeMs: context.now(),
  });
  await trx
    .updateTable('providers')
    .set({ issue_sequence: sequence, issued_total: issuedTotal })
    .where('provider_id', '=', providerId)
    .execute();
  await trx
    .insertInto('value_issues')
    .values({ provider_id: providerId, request_id: requestId, sequence, amount, issue })
    .execute();
  return { ok: true, value: { issue } };
}

/** A provider as the authority's books have it. */
export async function providerAccount(
  { db }: AuthorityContext,
  { providerId }: { readonly providerId: number },
): Promise<
  AuthorityOutcome<{ readonly name: string; readonly issuedTotal: Mills; readonly issues: number }>
> {
  const row = await db
    .selectFrom('providers')
    .select(['name', 'issued_total', 'issue_sequence'])
    .where('provider_id', '=', providerId)
    .executeTakeFirst();
  if (row === undefined) return refuseBecause('providerUnknown');
  const { name, issued_total, issue_sequence } = row;
  return { ok: true, value: { name, issuedTotal: mills(issued_total), issues: issue_sequence } };
}
