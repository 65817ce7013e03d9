/**
 * Refills: a meter's signed request is answered exactly once (requirements.md G3; domain.md R12, R13, R15, R16, R40).
 *
 * The answer is made and kept in the transaction that moves the money, so after a crash at any point either neither
 * exists or both do, and the same request gets the same bytes for ever. A signed refusal (amount 0) is an answer too: it
 * ends the refill that is pending in the meter. What is not signed by the meter, comes out of turn or contradicts what
 * was credited gets no answer that a meter would take.
 */

import { equalBytes } from '#protocol/bytes';
import { readCompactCertificate } from '#protocol/documents/compact-certificate';
import { dateOf } from '#protocol/documents/date';
import { formatMeterId } from '#protocol/documents/meter-id';
import {
  type RefillAuthorisation,
  type RefillReason,
  type RefillRequest,
  readRefillAuthorisation,
  readRefillRequest,
  signRefillAuthorisation,
  verifyRefillRequest,
} from '#protocol/documents/refill';
import { type Mills, mills } from '#protocol/mills';
import type { ProviderContext, ProviderTransaction } from './context.ts';
import { bookTransaction, charge, lockCustomer } from './customers.ts';
import { recordFinding } from './findings.ts';
import { lockPool, takeFromPool } from './pool.ts';
import { type ProviderOutcome, type ProviderRefusal, refuseBecause } from './refusals.ts';

type RefillOutcome = ProviderOutcome<{ readonly authorisation: Uint8Array }>;

/** A refill request whose signature was checked, and the bytes it came in. */
interface SignedRequest extends RefillRequest {
  readonly bytes: Uint8Array;
  /** `TS01-0000000042` */
  readonly meter: string;
}

/** Answers a refill request of an enrolled meter. */
export async function refill(
  context: ProviderContext,
  { request }: { readonly request: Uint8Array },
): Promise<RefillOutcome> {
  const read = readRefillRequest(request);
  if (!read.ok) return refuseBecause('documentMalformed');
  const meter = formatMeterId(read.value.meterId);
  const row = await context.db
    .selectFrom('meters')
    .select('certificate')
    .where('meter_id', '=', meter)
    .executeTakeFirst();
  if (row === undefined) return refuseBecause('meterUnknown');
  const certificate = readCompactCertificate(row.certificate);
  if (!certificate.ok) throw new Error('the record of a device certificate is damaged');
  const { publicKey, validTo } = certificate.value;
  if (!verifyRefillRequest(context.crypto, publicKey, request).ok)
    return refuseBecause('signatureInvalid');
  const signed = { ...read.value, bytes: request, meter };
  return context.db.transaction().execute((trx) => answerOnce(context, trx, signed, validTo));
}

async function answerOnce(
  context: ProviderContext,
  trx: ProviderTransaction,
  request: SignedRequest,
  validTo: number,
): Promise<RefillOutcome> {
  const account = await lockMeter(trx, request.meter);
  const answered = await trx
    .selectFrom('refills')
    .select('authorisation')
    .where('meter_id', '=', request.meter)
    .where('sequence', '=', request.sequence)
    .executeTakeFirst();
  if (answered !== undefined) return repeat(answered.authorisation, request);
  if (dateOf(context.now()) > validTo) return refuseBecause('certificateExpired');
  const refusal = await reasonAgainst(trx, request, account);
  if (refusal === 'registersContradict') await recordContradiction(context, trx, request, account);
  if (refusal !== undefined) return refuseBecause(refusal);
  return answer(context, trx, request, account.customerId);
}

/**
 * The recorded answer, if the request is the one it answers. A meter that went on printing signs its pending request
 * again with other registers, but never with another control sum.
 */
function repeat(authorisation: Uint8Array, request: RefillRequest): RefillOutcome {
  const recorded = readRefillAuthorisation(authorisation);
  if (!recorded.ok) throw new Error('the record of a refill is damaged');
  const { nonce, requestedAmount, ascending, descending } = recorded.value;
  const isSame =
    equalBytes(nonce, request.nonce) &&
    requestedAmount === request.amount &&
    ascending + descending === request.ascending + request.descending;
  return isSame ? { ok: true, value: { authorisation } } : refuseBecause('requestChanged');
}

interface MeterAccount {
  readonly customerId: number;
  /** What was credited and not given back. */
  readonly held: Mills;
  readonly refillSequence: number;
  readonly ascending: Mills;
}

/** Holds a meter until the transaction ends, so that its requests follow one another: writing a row locks it. */
async function lockMeter(trx: ProviderTransaction, meter: string): Promise<MeterAccount> {
  const row = await trx
    .updateTable('meters')
    .set((eb) => ({ refill_sequence: eb.ref('refill_sequence') }))
    .where('meter_id', '=', meter)
    .returning(['customer_id', 'credited', 'refunded', 'refill_sequence', 'ascending'])
    .executeTakeFirstOrThrow();
  return {
    customerId: row.customer_id,
    held: mills(row.credited - row.refunded),
    refillSequence: row.refill_sequence,
    ascending: mills(row.ascending),
  };
}

/** Why a request gets no answer at all; undefined where it gets one. */
async function reasonAgainst(
  trx: ProviderTransaction,
  { meter, sequence, nonce, ascending, descending }: SignedRequest,
  account: MeterAccount,
): Promise<ProviderRefusal | undefined> {
  if (sequence !== account.refillSequence + 1) return 'outOfSequence';
  const used = await trx
    .selectFrom('refills')
    .select('sequence')
    .where('meter_id', '=', meter)
    .where('nonce', '=', nonce)
    .executeTakeFirst();
  if (used !== undefined) return 'nonceReused';
  // The control sum is the guard: it changes by refills only, and we know each of them (domain.md R13).
  if (ascending + descending !== account.held || ascending < account.ascending)
    return 'registersContradict';
  return undefined;
}

async function recordContradiction(
  context: ProviderContext,
  trx: ProviderTransaction,
  { meter, bytes, ascending, descending }: SignedRequest,
  { held, ascending: before }: MeterAccount,
): Promise<void> {
  await recordFinding(context, trx, {
    kind: 'registersContradict',
    meterId: meter,
    text:
      ascending + descending === held
        ? `The ascending register fell from ${before} to ${ascending} mills.`
        : `The registers add up to ${ascending + descending} mills, but ${held} were credited.`,
    evidence: bytes,
  });
}

/** Moves the money or finds that it cannot be moved, and signs and keeps what is said either way. */
async function answer(
  context: ProviderContext,
  trx: ProviderTransaction,
  request: SignedRequest,
  customerId: number,
): Promise<RefillOutcome> {
  const { crypto, keys, now } = context;
  const timeMs = now();
  const { meterId, sequence, nonce, ascending, descending } = request;
  const { reason, amount, available } = await move(trx, customerId, request.amount);
  const fields: RefillAuthorisation = {
    meterId,
    sequence,
    nonce,
    amount,
    requestedAmount: request.amount,
    ascending,
    descending,
    reason,
    available,
    timeMs,
  };
  const authorisation = signRefillAuthorisation(crypto, keys.privateKey, fields);
  await trx
    .updateTable('meters')
    .set((eb) => ({ credited: eb('credited', '+', amount), refill_sequence: sequence, ascending }))
    .where('meter_id', '=', request.meter)
    .execute();
  await trx
    .insertInto('refills')
    .values({
      meter_id: request.meter,
      sequence,
      nonce,
      request: request.bytes,
      authorisation,
      amount,
      time_ms: timeMs,
    })
    .execute();
  const kind = reason === 'ok' ? 'refill' : 'refillDeclined';
  await bookTransaction(trx, { customerId, kind, amount, meterId, timeMs });
  return { ok: true, value: { authorisation } };
}

interface Movement {
  readonly reason: RefillReason;
  readonly amount: Mills;
  /** What could be had now, before the movement (domain.md R16). */
  readonly available: Mills;
}

/** Takes the amount from the account and from the pool, or neither. */
async function move(
  trx: ProviderTransaction,
  customerId: number,
  amount: Mills,
): Promise<Movement> {
  const customer = await lockCustomer(trx, customerId);
  if (customer === undefined) throw new Error('a meter is enrolled for no customer');
  const nothing = mills(0);
  if (customer.isClosed) return { reason: 'accountClosed', amount: nothing, available: nothing };
  const inPool = await lockPool(trx);
  const available = mills(Math.min(customer.balance, inPool));
  if (customer.balance < amount)
    return { reason: 'insufficientAccountFunds', amount: nothing, available };
  if (inPool < amount) return { reason: 'poolEmpty', amount: nothing, available };
  await charge(trx, customerId, amount);
  await takeFromPool(trx, amount);
  return { reason: 'ok', amount, available };
}
