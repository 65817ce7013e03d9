/**
 * Claims for spoiled postage: what the provider finds nothing against is judged by the authority, which issues its value to
 * the pool; there it waits for a refill of the kind `spoilage` (requirements.md B7; domain.md R20, R21).
 *
 * A claim is on record before the authority is asked, and its answer is credited in one transaction, once, whoever finishes it.
 */

import { equalBytes } from '#protocol/bytes';
import { currentKey } from '#protocol/documents/authority-chain';
import { formatMeterId, parseMeterId } from '#protocol/documents/meter-id';
import {
  type SpoilageAnswer,
  type SpoilageReason,
  signSpoilageRequest,
  spoilageRequestDocument,
  verifySpoilageAnswer,
} from '#protocol/documents/spoilage';
import { VALUE_REQUEST_ID_SIZE } from '#protocol/documents/value';
import { type Mills, mills } from '#protocol/mills';
import { judgeByAuthority } from './authority-keys.ts';
import {
  type ClaimPiece,
  type ClaimState,
  judgePieces,
  learn,
  type Rejection,
} from './claim-pieces.ts';
import { nextNumber, type ProviderContext, type ProviderTransaction } from './context.ts';
import { readCustomer } from './customers.ts';
import { lockMeter, type MeterBooks, readMeter } from './meters.ts';
import { addToPool } from './pool.ts';
import { type ProviderOutcome, type ProviderRefusal, refuseBecause } from './refusals.ts';
import { logged } from './transaction-log.ts';

/** At most so many claims in one answer. */
export const CLAIMS_LIMIT = 50;

export interface ClaimOrder {
  readonly customerId: number;
  /** Sixteen bytes; the same claim carries the same ones. */
  readonly requestId: Uint8Array;
  readonly meterId: Uint8Array;
  readonly reason: SpoilageReason;
  readonly indicia: readonly Uint8Array[];
}

export interface Claim extends Omit<ClaimOrder, 'requestId' | 'indicia'> {
  readonly claimId: number;
  /** `submitted` while a piece is not decided; then `refunded` where one was, `rejected` where none. */
  readonly state: ClaimState;
  readonly approved: Mills;
  readonly submittedMs: number;
  readonly pieces: readonly {
    readonly piece: number | undefined;
    readonly amount: Mills;
    readonly state: ClaimState;
    readonly rejection: Rejection | undefined;
  }[];
}

/** Submits a claim, once for each request id. Without an answer of the authority it stays submitted. */
export async function submitClaim(
  context: ProviderContext,
  order: ClaimOrder,
): Promise<ProviderOutcome<Claim>> {
  if (order.indicia.length === 0) return refuseBecause('claimEmpty');
  const customer = await readCustomer(context, order);
  if (!customer.ok) return customer;
  const meter = await readMeter(context, order);
  if (!meter.ok) return meter;
  if (meter.value.customerId !== order.customerId) return refuseBecause('meterEnrolled');
  const known = await learn(context, order.meterId, order.indicia);
  const recorded = await context.db
    .transaction()
    .execute((trx) => recordOnce(context, trx, order, known));
  if (!recorded.ok) return recorded;
  const claimId = recorded.value;
  const refusal = await finishClaim(context, claimId);
  if (refusal === 'answerInvalid') return refuseBecause(refusal);
  return readClaim(context, { claimId });
}

async function recordOnce(
  context: ProviderContext,
  trx: ProviderTransaction,
  order: ClaimOrder,
  known: Awaited<ReturnType<typeof learn>>,
): Promise<ProviderOutcome<number>> {
  const books = await lockMeter(trx, formatMeterId(order.meterId));
  const before = await trx
    .selectFrom('claims')
    .select('claim_id')
    .where('customer_id', '=', order.customerId)
    .where('request_id', '=', order.requestId)
    .executeTakeFirst();
  if (before !== undefined)
    return (await asksTheSame(trx, before.claim_id, order))
      ? { ok: true, value: before.claim_id }
      : refuseBecause('requestIdReused');
  const pieces = await judgePieces(context, trx, order, books, known);
  return { ok: true, value: await record(context, trx, order, pieces, books) };
}

async function asksTheSame(
  trx: ProviderTransaction,
  claimId: number,
  { indicia }: ClaimOrder,
): Promise<boolean> {
  const rows = await piecesOf(trx, claimId);
  return (
    rows.length === indicia.length &&
    rows.every(({ indicium }, place) => equalBytes(indicium, indicia[place] as Uint8Array))
  );
}

function piecesOf(db: ProviderContext['db'], claimId: number) {
  return db
    .selectFrom('claim_pieces')
    .selectAll()
    .where('claim_id', '=', claimId)
    .orderBy('place')
    .execute();
}

async function record(
  { crypto, keys, now, providerId }: ProviderContext,
  trx: ProviderTransaction,
  { customerId, requestId, meterId, reason }: ClaimOrder,
  pieces: readonly ClaimPiece[],
  { ascending }: MeterBooks,
): Promise<number> {
  const claimId = await nextNumber(trx, 'claim');
  const timeMs = now();
  const indicia = pieces.filter((piece) => piece.rejection === undefined).map(({ bytes }) => bytes);
  const fields = {
    providerId,
    requestId: crypto.randomBytes(VALUE_REQUEST_ID_SIZE),
    meterId,
    reason,
    ascending,
    indicia,
    timeMs,
  };
  const meter = formatMeterId(meterId);
  await trx
    .insertInto('claims')
    .values({
      claim_id: claimId,
      customer_id: customerId,
      request_id: requestId,
      meter_id: meter,
      reason,
      request: indicia.length === 0 ? null : signSpoilageRequest(crypto, keys.privateKey, fields),
      answer: null,
      approved: 0,
      submitted_ms: timeMs,
    })
    .execute();
  for (const [place, { bytes, piece, amount, rejection }] of pieces.entries())
    await trx
      .insertInto('claim_pieces')
      .values({
        claim_id: claimId,
        place,
        meter_id: meter,
        piece_count: piece ?? null,
        amount,
        indicium: bytes,
        state: rejection === undefined ? 'submitted' : 'rejected',
        rejection: rejection ?? null,
      })
      .execute();
  return claimId;
}

/** Asks the authority about a claim that it has not answered. @returns why it is not finished; undefined where it is */
async function finishClaim(
  context: ProviderContext,
  claimId: number,
): Promise<ProviderRefusal | undefined> {
  const { request, answer: known } = await context.db
    .selectFrom('claims')
    .select(['request', 'answer'])
    .where('claim_id', '=', claimId)
    .executeTakeFirstOrThrow();
  if (request === null || known !== null) return undefined;
  const asked = spoilageRequestDocument.read(request);
  if (!asked.ok) throw new Error('the record of a claim is damaged');
  let answer: Uint8Array;
  try {
    ({ answer } = await context.authority.answerSpoilageRequest({ request }));
  } catch {
    return 'authorityUnavailable'; // on record as submitted
  }
  const read = await judgeByAuthority(context, (keys) =>
    verifySpoilageAnswer(context.crypto, currentKey(keys).publicKey, answer, asked.value),
  );
  if (!read.ok) return 'answerInvalid';
  const fields = read.value;
  await context.db.transaction().execute((trx) => credit(context, trx, claimId, answer, fields));
  return undefined;
}

/** Takes the answer, once: the value goes into the pool, reserved for the meter. */
async function credit(
  context: ProviderContext,
  trx: ProviderTransaction,
  claimId: number,
  answer: Uint8Array,
  { meterId, amount, sequence, verdicts }: SpoilageAnswer,
): Promise<void> {
  const meter = formatMeterId(meterId);
  await lockMeter(trx, meter);
  const { numUpdatedRows } = await trx
    .updateTable('claims')
    .set({ answer, approved: amount })
    .where('claim_id', '=', claimId)
    .where('answer', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return;
  const open = (await piecesOf(trx, claimId)).filter(({ state }) => state === 'submitted');
  for (const [place, { place: at }] of open.entries()) {
    const verdict = verdicts[place];
    if (verdict === undefined) throw new Error('the record of a claim is not what was asked');
    await trx
      .updateTable('claim_pieces')
      .set(
        verdict === 'refunded'
          ? { state: 'refunded', rejection: null }
          : { state: 'rejected', rejection: verdict },
      )
      .where('claim_id', '=', claimId)
      .where('place', '=', at)
      .execute();
  }
  if (amount === 0) return;
  await logged(context, trx, { kind: 'claim', meter, evidence: answer }, async () => {
    await addToPool(trx, { amount, sequence }, 'spoilage');
    await trx
      .updateTable('meters')
      .set((eb) => ({ spoilage_approved: eb('spoilage_approved', '+', amount) }))
      .where('meter_id', '=', meter)
      .execute();
  });
}

/** Finishes every claim that the authority has not answered. */
export async function finishClaims(
  context: ProviderContext,
): Promise<ProviderOutcome<{ readonly finished: number; readonly pending: number }>> {
  const open = await context.db
    .selectFrom('claims')
    .select('claim_id')
    .where('request', 'is not', null)
    .where('answer', 'is', null)
    .orderBy('claim_id')
    .execute();
  let finished = 0;
  for (const { claim_id } of open)
    if ((await finishClaim(context, claim_id)) === undefined) finished += 1;
  return { ok: true, value: { finished, pending: open.length - finished } };
}

export async function readClaim(
  { db }: Pick<ProviderContext, 'db'>,
  { claimId }: { readonly claimId: number },
): Promise<ProviderOutcome<Claim>> {
  const row = await db
    .selectFrom('claims')
    .selectAll()
    .where('claim_id', '=', claimId)
    .executeTakeFirst();
  if (row === undefined) return refuseBecause('claimUnknown');
  const meterId = parseMeterId(row.meter_id);
  if (meterId === undefined) throw new Error('the record of a claim is damaged');
  const pieces = (await piecesOf(db, claimId)).map((piece) => ({
    piece: piece.piece_count ?? undefined,
    amount: mills(piece.amount),
    state: piece.state,
    rejection: piece.rejection ?? undefined,
  }));
  const value = {
    claimId,
    customerId: row.customer_id,
    meterId,
    reason: row.reason,
    state: stateOf(pieces.map(({ state }) => state)),
    approved: mills(row.approved),
    submittedMs: row.submitted_ms,
    pieces,
  };
  return { ok: true, value };
}

function stateOf(pieces: readonly ClaimState[]): ClaimState {
  if (pieces.includes('submitted')) return 'submitted';
  return pieces.includes('refunded') ? 'refunded' : 'rejected';
}

/** The claims of a customer after a number, the oldest first; 0 for the first ones. */
export async function listClaims(
  context: ProviderContext,
  { customerId, after }: { readonly customerId: number; readonly after: number },
): Promise<ProviderOutcome<{ readonly claims: readonly Claim[] }>> {
  const customer = await readCustomer(context, { customerId });
  if (!customer.ok) return customer;
  const rows = await context.db
    .selectFrom('claims')
    .select('claim_id')
    .where('customer_id', '=', customerId)
    .where('claim_id', '>', after)
    .orderBy('claim_id')
    .limit(CLAIMS_LIMIT)
    .execute();
  const claims: Claim[] = [];
  for (const { claim_id: claimId } of rows) {
    const claim = await readClaim(context, { claimId });
    if (claim.ok) claims.push(claim.value);
  }
  return { ok: true, value: { claims } };
}
