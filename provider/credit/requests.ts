/** Requests for credit: checked, decided by the terms or by the operator, answered with a line (requirements.md E1; P fig. 8). */

import { readCompactCertificate } from '#protocol/documents/compact-certificate';
import {
  type CreditRequest,
  creditCertificateDocument,
  readCreditRequest,
} from '#protocol/documents/credit';
import { addDays, dateOf } from '#protocol/documents/date';
import { formatMeterId } from '#protocol/documents/meter-id';
import type { mills } from '#protocol/mills';
import { type Result, refuse } from '#protocol/result';
import { judgeByAuthority } from '../authority-keys.ts';
import type { ProviderContext, ProviderTransaction } from '../context.ts';
import { nextNumber } from '../context.ts';
import { type ProviderOutcome, refuseBecause } from '../refusals.ts';
import { type CreditProof, judgeProof, maySign } from './proof.ts';
import type { CreditState } from './tables.ts';
import { type CreditTerms, readCreditTerms } from './terms.ts';

/** At most so many requests in one answer. */
export const CREDIT_REQUESTS_LIMIT = 100;

export interface CreditAnswer {
  readonly requestId: number;
  readonly state: CreditState;
  /** The line-of-credit certificate, and the certificate of its issuer; undefined while there is none. */
  readonly certificate: Uint8Array | undefined;
  readonly issuer: Uint8Array | undefined;
}

/** Takes a request with its proof. The same request gets the same answer, or the later one of the operator. */
export async function requestCredit(
  context: ProviderContext,
  { request, ...proof }: CreditProof & { readonly request: Uint8Array },
): Promise<ProviderOutcome<CreditAnswer>> {
  const { crypto, now } = context;
  const read = readCreditRequest(request);
  if (!read.ok) return refuseBecause('documentMalformed');
  const proved = await judgeByAuthority(context, (keys) => {
    let last: Result<undefined> = refuse('signatureInvalid');
    for (const { publicKey } of keys) {
      last = judgeProof(crypto, publicKey, { bytes: request, fields: read.value }, proof);
      if (last.ok || last.status !== 'signatureInvalid') return last;
    }
    return last;
  });
  if (!proved.ok || !maySign(proof.grant, now()))
    return refuseBecause('creditUnproved', proved.ok ? 'keyExpired' : proved.status);
  return context.db.transaction().execute(async (trx) => {
    const known = await trx
      .selectFrom('credit_requests')
      .select('request_id')
      .where('request', '=', request)
      .executeTakeFirst();
    if (known !== undefined) return { ok: true, value: await answerTo(trx, known.request_id) };
    const terms = await readCreditTerms(trx);
    if (terms === undefined) return refuseBecause('creditNotOffered');
    const meterId = formatMeterId(read.value.meterId);
    const isEnrolled = await lockMeter(trx, meterId);
    if (!isEnrolled) return refuseBecause('meterUnknown');
    const state = await checkCredit(context, trx, terms, meterId, read.value);
    const requestId = await nextNumber(trx, 'credit');
    await trx
      .insertInto('credit_requests')
      .values({
        request_id: requestId,
        request,
        meter_id: meterId,
        amount: read.value.amount,
        state,
        asked_ms: now(),
      })
      .execute();
    if (state === 'granted') await giveLine(context, trx, terms, requestId, read.value);
    return { ok: true, value: await answerTo(trx, requestId) };
  });
}

/** Two requests for a meter are decided one after the other. */
async function lockMeter(trx: ProviderTransaction, meterId: string): Promise<boolean> {
  const row = await trx
    .updateTable('meters')
    .set((eb) => ({ credited: eb.ref('credited') }))
    .where('meter_id', '=', meterId)
    .returning('meter_id')
    .executeTakeFirst();
  return row !== undefined;
}

/** The credit check (P fig. 8, 804): an account that is open and owes nothing, and room below the bounds. */
async function checkCredit(
  { now }: ProviderContext,
  trx: ProviderTransaction,
  { automaticMax, lineMax }: CreditTerms,
  meterId: string,
  { amount }: CreditRequest,
): Promise<CreditState> {
  const customer = await trx
    .selectFrom('meters')
    .innerJoin('customers', 'customers.customer_id', 'meters.customer_id')
    .select(['customers.is_closed', 'customers.owed', 'meters.is_withdrawn'])
    .where('meters.meter_id', '=', meterId)
    .executeTakeFirstOrThrow();
  if (customer.is_closed === 1 || customer.is_withdrawn === 1 || customer.owed > 0)
    return 'refused';
  const { given } = await trx
    .selectFrom('credit_lines')
    .select((eb) => eb.fn.coalesce(eb.fn.sum<number>('amount'), eb.lit(0)).as('given'))
    .where('meter_id', '=', meterId)
    .where('valid_to', '>=', dateOf(now()))
    .executeTakeFirstOrThrow();
  const total = Number(given) + amount;
  if (total > lineMax) return 'refused';
  return total <= automaticMax ? 'granted' : 'open';
}

/** P fig. 8, 808. */
async function giveLine(
  { crypto, keys, now }: ProviderContext,
  trx: ProviderTransaction,
  { issuer, days }: CreditTerms,
  serial: number,
  { holder, publicKey, amount, uses, meterId }: CreditRequest,
): Promise<void> {
  const certified = readCompactCertificate(issuer);
  if (!certified.ok) throw new Error('the certificate of the issuer is damaged');
  const validFrom = dateOf(now());
  const validTo = addDays(validFrom, days - 1);
  const certificate = creditCertificateDocument.issue(crypto, keys, {
    holder,
    serial,
    publicKey,
    issuer: certified.value.subject,
    amount,
    validFrom,
    validTo,
    uses,
  });
  await trx
    .insertInto('credit_lines')
    .values({
      serial,
      meter_id: formatMeterId(meterId),
      certificate,
      digest: crypto.sha256(certificate),
      amount,
      valid_to: validTo,
    })
    .execute();
}

async function answerTo(trx: ProviderTransaction, requestId: number): Promise<CreditAnswer> {
  const { state } = await trx
    .selectFrom('credit_requests')
    .select('state')
    .where('request_id', '=', requestId)
    .executeTakeFirstOrThrow();
  const line = await trx
    .selectFrom('credit_lines')
    .select('certificate')
    .where('serial', '=', requestId)
    .executeTakeFirst();
  const terms = line === undefined ? undefined : await readCreditTerms(trx);
  return { requestId, state, certificate: line?.certificate, issuer: terms?.issuer };
}

/** The operator's word on a request that waits; the same word again changes nothing. */
export async function decideCredit(
  context: ProviderContext,
  { requestId, isGranted }: { readonly requestId: number; readonly isGranted: boolean },
): Promise<ProviderOutcome<CreditAnswer>> {
  return context.db.transaction().execute(async (trx) => {
    const state = isGranted ? 'granted' : 'refused';
    const row = await trx
      .updateTable('credit_requests')
      .set({ state })
      .where('request_id', '=', requestId)
      .where('state', '=', 'open')
      .returning('request')
      .executeTakeFirst();
    if (row === undefined) {
      const known = await trx
        .selectFrom('credit_requests')
        .select('state')
        .where('request_id', '=', requestId)
        .executeTakeFirst();
      if (known === undefined) return refuseBecause('creditUnknown');
      if (known.state !== state) return refuseBecause('creditDecided');
      return { ok: true, value: await answerTo(trx, requestId) };
    }
    const read = readCreditRequest(row.request);
    const terms = await readCreditTerms(trx);
    if (!read.ok || terms === undefined) throw new Error('the record of a request is damaged');
    if (isGranted) await giveLine(context, trx, terms, requestId, read.value);
    return { ok: true, value: await answerTo(trx, requestId) };
  });
}

export interface ListedRequest {
  readonly requestId: number;
  readonly meterId: Uint8Array;
  readonly holder: string;
  readonly amount: ReturnType<typeof mills>;
  readonly state: CreditState;
  readonly askedMs: number;
}

/** The requests behind a number, the oldest first. */
export async function listCreditRequests(
  { db }: ProviderContext,
  { after }: { readonly after: number },
): Promise<readonly ListedRequest[]> {
  const rows = await db
    .selectFrom('credit_requests')
    .selectAll()
    .where('request_id', '>', after)
    .orderBy('request_id')
    .limit(CREDIT_REQUESTS_LIMIT)
    .execute();
  return rows.map(({ request_id, request, state, asked_ms }) => {
    const read = readCreditRequest(request);
    if (!read.ok) throw new Error('the record of a request is damaged');
    const { meterId, amount, holder } = read.value;
    const name = new TextDecoder().decode(holder);
    return { requestId: request_id, meterId, holder: name, amount, state, askedMs: asked_ms };
  });
}
