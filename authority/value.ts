/**
 * Value issued to the pools of providers, each request exactly once (requirements.md G3).
 *
 * Whatever money there is in meters and pools was issued here, bought or for spoiled pieces: the total of a provider only
 * grows, by the amount of each issue, and each issue tells the total it led to.
 */

import { encodeMeterId } from '#protocol/documents/meter-id';
import {
  issueValue,
  readValueRequest,
  type ValueRequest,
  valueIssueDocument,
  verifyValueRequest,
} from '#protocol/documents/value';
import { MILLS_MAX, type Mills, mills } from '#protocol/mills';
import { isPublicKey, issueCertificate } from './certificates.ts';
import { type AuthorityContext, type AuthorityTransaction, nextNumber } from './context.ts';
import { type AuthorityOutcome, refuseBecause } from './refusals.ts';
import { signedAnew } from './signed-anew.ts';

/** What stands for vendor and model where the subject of a certificate is a provider. */
const PROVIDER_MODEL = 'PROV';

/** The subject of a provider's certificate. @param providerId 0 to 4,294,967,295 */
export function providerSubject(providerId: number): Uint8Array {
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
        spoilage_total: 0,
        withdrawn_total: 0,
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
  const account = await lockProvider(trx, providerId);
  const answered = await trx
    .selectFrom('value_issues')
    .select(['amount', 'issue'])
    .where('provider_id', '=', providerId)
    .where('request_id', '=', requestId)
    .executeTakeFirst();
  if (answered !== undefined)
    return answered.amount === amount
      ? { ok: true, value: { issue: signedAnew(context, valueIssueDocument, answered.issue) } }
      : refuseBecause('requestIdReused');
  if (account.issuedTotal + amount > MILLS_MAX) return refuseBecause('issueTooLarge');
  const counted = await countIssue(trx, providerId, account, amount);
  const { sequence } = counted;
  const issue = issueValue(context.crypto, context.keys, {
    providerId,
    requestId,
    amount,
    ...counted,
    timeMs: context.now(),
  });
  await trx
    .insertInto('value_issues')
    .values({ provider_id: providerId, request_id: requestId, sequence, amount, issue })
    .execute();
  return { ok: true, value: { issue } };
}

export interface ProviderBooks {
  readonly issuedTotal: Mills;
  /** Number of the last issue. */
  readonly sequence: number;
}

/** Holds a provider until the transaction ends, so that its requests follow one another: writing the row locks it. */
export async function lockProvider(
  trx: AuthorityTransaction,
  providerId: number,
): Promise<ProviderBooks> {
  const { issue_sequence, issued_total } = await trx
    .updateTable('providers')
    .set((eb) => ({ issue_sequence: eb.ref('issue_sequence') }))
    .where('provider_id', '=', providerId)
    .returning(['issue_sequence', 'issued_total'])
    .executeTakeFirstOrThrow();
  return { issuedTotal: mills(issued_total), sequence: issue_sequence };
}

/** Counts an issue to a provider that is held; nothing where there is nothing to issue. @returns where its books stand then */
export async function countIssue(
  trx: AuthorityTransaction,
  providerId: number,
  before: ProviderBooks,
  amount: Mills,
): Promise<ProviderBooks> {
  if (amount === 0) return before;
  const after = {
    sequence: before.sequence + 1,
    issuedTotal: mills(before.issuedTotal + amount),
  };
  await trx
    .updateTable('providers')
    .set({ issue_sequence: after.sequence, issued_total: after.issuedTotal })
    .where('provider_id', '=', providerId)
    .execute();
  return after;
}

export interface ProviderAccount {
  readonly name: string;
  /** Everything issued, for spoiled pieces too. */
  readonly issuedTotal: Mills;
  readonly spoilageTotal: Mills;
  /** What came back from meters that were withdrawn: issued, and out of use. */
  readonly withdrawnTotal: Mills;
  readonly issues: number;
}

/** A provider as the authority's books have it. */
export async function providerAccount(
  { db }: AuthorityContext,
  { providerId }: { readonly providerId: number },
): Promise<AuthorityOutcome<ProviderAccount>> {
  const row = await db
    .selectFrom('providers')
    .select(['name', 'issued_total', 'issue_sequence', 'spoilage_total', 'withdrawn_total'])
    .where('provider_id', '=', providerId)
    .executeTakeFirst();
  if (row === undefined) return refuseBecause('providerUnknown');
  const value = {
    name: row.name,
    issuedTotal: mills(row.issued_total),
    spoilageTotal: mills(row.spoilage_total),
    withdrawnTotal: mills(row.withdrawn_total),
    issues: row.issue_sequence,
  };
  return { ok: true, value };
}
