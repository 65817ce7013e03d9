/**
 * Refills: a meter's signed request is answered exactly once (requirements.md G3; domain.md R12, R13, R15, R16, R40).
 *
 * The answer is made and kept in the transaction that moves the money, so after a crash at any point either neither
 * exists or both do, and the same request gets the same bytes for ever. A signed refusal (amount 0) is an answer too: it
 * ends the refill that is pending in the meter. What is not signed by the meter, comes out of turn or contradicts what
 * was credited gets no answer that a meter would take.
 */

import { equalBytes } from '#protocol/bytes';
import { dateOf } from '#protocol/documents/date';
import { formatMeterId } from '#protocol/documents/meter-id';
import {
  type RefillAuthorisation,
  type RefillRequest,
  readRefillAuthorisation,
  readRefillRequest,
  signRefillAuthorisation,
  verifyRefillRequest,
} from '#protocol/documents/refill';
import type { Mills } from '#protocol/mills';
import type { ProviderContext, ProviderTransaction } from './context.ts';
import { signerOf } from './device-keys.ts';
import { recordFinding } from './findings.ts';
import { learnOrder } from './lock-orders.ts';
import { isLeaving, lockMeter, type MeterBooks } from './meters.ts';
import { recordMovement } from './movements.ts';
import { move } from './refill-decision.ts';
import { type ProviderOutcome, type ProviderRefusal, refuseBecause } from './refusals.ts';
import { logged } from './transaction-log.ts';
import { bookTransaction } from './transactions.ts';

type RefillOutcome = ProviderOutcome<{ readonly authorisation: Uint8Array }>;

/** A refill request whose signature was checked, and the bytes it came in. */
interface SignedRequest extends RefillRequest {
  readonly bytes: Uint8Array;
  /** `TS01-0000000042` */
  readonly meter: string;
}

export interface RefillAnswer {
  readonly authorisation: Uint8Array;
  /** The authority's latest order to the meter, to be handed over; undefined where there is none. */
  readonly lockOrder: Uint8Array | undefined;
}

/** Answers a refill request of an enrolled meter. */
export async function refill(
  context: ProviderContext,
  { request }: { readonly request: Uint8Array },
): Promise<ProviderOutcome<RefillAnswer>> {
  const read = readRefillRequest(request);
  if (!read.ok) return refuseBecause('documentMalformed');
  const { meterId } = read.value;
  const signer = await signerOf(
    context,
    meterId,
    ({ publicKey }) => verifyRefillRequest(context.crypto, publicKey, request).ok,
  );
  if (!signer.ok) return signer;
  const lockOrder = await learnOrder(context, meterId);
  const signed = { ...read.value, bytes: request, meter: formatMeterId(meterId) };
  const outcome = await context.db
    .transaction()
    .execute((trx) => answerOnce(context, trx, signed, signer.value.validTo));
  return outcome.ok ? { ok: true, value: { ...outcome.value, lockOrder } } : outcome;
}

async function answerOnce(
  context: ProviderContext,
  trx: ProviderTransaction,
  request: SignedRequest,
  validTo: number,
): Promise<RefillOutcome> {
  const books = await lockMeter(trx, request.meter);
  const answered = await trx
    .selectFrom('refills')
    .select('authorisation')
    .where('meter_id', '=', request.meter)
    .where('sequence', '=', request.sequence)
    .executeTakeFirst();
  if (answered !== undefined) return repeat(context, trx, answered.authorisation, request);
  if (dateOf(context.now()) > validTo) return refuseBecause('certificateExpired');
  const against = await reasonAgainst(trx, request, books);
  if (against === undefined) return answer(context, trx, request, books);
  const { refusal, text } = against;
  if (text !== undefined)
    await recordFinding(context, trx, {
      kind: refusal,
      meterId: request.meter,
      text,
      evidence: request.bytes,
    });
  return refuseBecause(refusal);
}

/**
 * The recorded answer, if the request is the one it answers. A meter that went on printing signs its pending request
 * again with other registers, but never with another control sum; that of a current account grows. Another nonce under the same
 * number shows that there are two meters, or one that was set back.
 */
async function repeat(
  context: ProviderContext,
  trx: ProviderTransaction,
  authorisation: Uint8Array,
  request: SignedRequest,
): Promise<RefillOutcome> {
  const recorded = readRefillAuthorisation(authorisation);
  if (!recorded.ok) throw new Error('the record of a refill is damaged');
  const { nonce, requestedAmount, kind, account, ascending, descending } = recorded.value;
  const isSame =
    equalBytes(nonce, request.nonce) &&
    requestedAmount === request.amount &&
    kind === request.kind &&
    account === request.account &&
    (kind === 'settlement' || ascending + descending === request.ascending + request.descending);
  if (isSame) return { ok: true, value: { authorisation } };
  if (!equalBytes(nonce, request.nonce))
    await recordFinding(context, trx, {
      kind: 'requestChanged',
      meterId: request.meter,
      text: `Refill ${request.sequence} was requested twice with different nonces: there are two meters.`,
      evidence: request.bytes,
    });
  return refuseBecause('requestChanged');
}

interface Against {
  readonly refusal: ProviderRefusal;
  /** What it shows, where it speaks of fraud or a defect. */
  readonly text?: string | undefined;
}

/** Why a request gets no answer at all; undefined where it gets one. */
async function reasonAgainst(
  trx: ProviderTransaction,
  request: SignedRequest,
  books: MeterBooks,
): Promise<Against | undefined> {
  const { meter, sequence, nonce } = request;
  if (await isLeaving(trx, meter))
    return {
      refusal: 'meterWithdrawn',
      text: 'A meter that has agreed to give everything back asks for value: there are two meters.',
    };
  if (sequence !== books.refillSequence + 1) return { refusal: 'outOfSequence' };
  const used = await trx
    .selectFrom('refills')
    .select('sequence')
    .where('meter_id', '=', meter)
    .where('nonce', '=', nonce)
    .executeTakeFirst();
  if (used !== undefined) return { refusal: 'nonceReused' };
  const text = contradiction(request, books);
  return text === undefined ? undefined : { refusal: 'registersContradict', text };
}

/** The control sum is the guard: it changes by refills only, and we know each of them (domain.md R13). */
function contradiction(
  { kind, account, amount, ascending, descending }: SignedRequest,
  books: MeterBooks,
): string | undefined {
  const before = account === 'postal' ? books.ascending : books.certificateAscending;
  if (ascending < before)
    return `The ascending register fell from ${before} to ${ascending} mills.`;
  if (kind === 'settlement') return ofCurrentAccount(amount, ascending, descending, books);
  const held = heldIn(account, books);
  return ascending + descending === held
    ? undefined
    : `The registers add up to ${ascending + descending} mills, but ${held} were credited.`;
}

function heldIn(account: RefillRequest['account'], books: MeterBooks): number {
  if (account === 'certificate') return books.certificateCredited - books.certificateWithdrawn;
  return books.credited + books.spoilageCredited - books.withdrawn;
}

/** A current account was never loaded, and settles no more than it has spent. */
function ofCurrentAccount(
  amount: Mills,
  ascending: Mills,
  descending: Mills,
  { credited, spoilageCredited, settled }: MeterBooks,
): string | undefined {
  if (descending + credited + spoilageCredited > 0)
    return 'An account that was loaded asks to be settled.';
  return settled + amount <= ascending
    ? undefined
    : `It settles ${settled + amount} mills in all, but has spent ${ascending}.`;
}

/** Moves the money or finds that it cannot be moved, and signs and keeps what is said either way. */
async function answer(
  context: ProviderContext,
  trx: ProviderTransaction,
  request: SignedRequest,
  books: MeterBooks,
): Promise<RefillOutcome> {
  const { customerId } = books;
  const { bytes, meter, meterId, sequence, kind, account } = request;
  const subject = { kind: 'refill', customerId, meter, evidence: bytes } as const;
  return logged(context, trx, subject, async (entry) => {
    const timeMs = context.now();
    const { reason, amount, available } = await move(trx, request, books);
    const authorisation = authorise(context, request, { reason, amount, available, timeMs });
    await credit(trx, request, amount);
    await trx
      .insertInto('refills')
      .values({
        meter_id: meter,
        sequence,
        nonce: request.nonce,
        request: bytes,
        authorisation,
        kind,
        account,
        requested: request.amount,
        amount,
        reason,
        time_ms: timeMs,
      })
      .execute();
    await recordMovement(trx, entry, { meterId, sequence, kind, account, amount, timeMs });
    const booked = reason === 'ok' ? kind : 'declined';
    await bookTransaction(context, trx, { customerId, kind: booked, amount, meterId, timeMs });
    return { ok: true, value: { authorisation } };
  });
}

function authorise(
  { crypto, keys }: ProviderContext,
  { meterId, sequence, nonce, kind, account, ascending, descending, amount }: SignedRequest,
  decided: Pick<RefillAuthorisation, 'reason' | 'amount' | 'available' | 'timeMs'>,
): Uint8Array {
  return signRefillAuthorisation(crypto, keys.privateKey, {
    meterId,
    sequence,
    nonce,
    kind,
    account,
    requestedAmount: amount,
    ascending,
    descending,
    ...decided,
  });
}

/** Which register of the books a refill grows. */
function creditedRegister({ kind, account }: RefillRequest) {
  switch (kind) {
    case 'purchase':
      return account === 'postal' ? 'credited' : 'certificate_credited';
    case 'spoilage':
      return 'spoilage_credited';
    case 'settlement':
      return 'settled';
  }
}

async function credit(
  trx: ProviderTransaction,
  request: SignedRequest,
  amount: Mills,
): Promise<void> {
  const { meter, sequence, account, ascending } = request;
  const register = creditedRegister(request);
  await trx
    .updateTable('meters')
    .set((eb) => ({
      [register]: eb(register, '+', amount),
      refill_sequence: sequence,
      [account === 'postal' ? 'ascending' : 'certificate_ascending']: ascending,
    }))
    .where('meter_id', '=', meter)
    .execute();
}
