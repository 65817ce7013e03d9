/**
 * Withdrawals: a meter offers all that is left and gets one signed answer for ever; its proof is taken in withdrawal-proof.ts
 * (requirements.md B7; domain.md R22, R23).
 *
 * Between the agreement and the proof the money is still counted as the meter's, and named `withdrawing` (pool.ts).
 */

import { equalBytes } from '#protocol/bytes';
import type { Registers } from '#protocol/command-layouts';
import { formatMeterId } from '#protocol/documents/meter-id';
import {
  signWithdrawalAuthorisation,
  type WithdrawalAuthorisation,
  type WithdrawalRequest,
  withdrawalAuthorisationDocument,
  withdrawalRequestDocument,
} from '#protocol/documents/withdrawal';
import { type Mills, mills } from '#protocol/mills';
import type { ProviderContext, ProviderTransaction } from './context.ts';
import { signerOf } from './device-keys.ts';
import { recordFinding } from './findings.ts';
import { actionOf, learnOrder } from './lock-orders.ts';
import { isLeaving, lockMeter, type MeterBooks } from './meters.ts';
import { recordMovement } from './movements.ts';
import { type ProviderOutcome, refuseBecause } from './refusals.ts';
import { logged } from './transaction-log.ts';

/**
 * Why a withdrawal is refused. `registersContradict`: the registers are not what the books say · `unsettled`: a current
 * account has spent what is not paid · `spoilageWaiting`: a claim is not decided, or what was approved is not in the meter yet.
 */
export const withdrawalObstacles = ['registersContradict', 'unsettled', 'spoilageWaiting'] as const;
export type WithdrawalObstacle = (typeof withdrawalObstacles)[number];

interface Answered {
  readonly authorisation: Uint8Array;
  readonly obstacle: WithdrawalObstacle | undefined;
}

export interface WithdrawalAnswer extends Answered {
  /** The authority's latest order to the meter; undefined where there is none. */
  readonly lockOrder: Uint8Array | undefined;
}

/** Answers the offer of an enrolled meter. It is answered though its certificate has expired: its money is not lost. */
export async function withdraw(
  context: ProviderContext,
  { request }: { readonly request: Uint8Array },
): Promise<ProviderOutcome<WithdrawalAnswer>> {
  const read = withdrawalRequestDocument.read(request);
  if (!read.ok) return refuseBecause('documentMalformed');
  const { meterId } = read.value;
  const signer = await signerOf(
    context,
    meterId,
    ({ publicKey }) => withdrawalRequestDocument.verify(context.crypto, publicKey, request).ok,
  );
  if (!signer.ok) return signer;
  const lockOrder = await learnOrder(context, meterId);
  const outcome = await context.db
    .transaction()
    .execute((trx) => answerOnce(context, trx, request, read.value));
  return outcome.ok ? { ok: true, value: { ...outcome.value, lockOrder } } : outcome;
}

async function answerOnce(
  context: ProviderContext,
  trx: ProviderTransaction,
  bytes: Uint8Array,
  request: WithdrawalRequest,
): Promise<ProviderOutcome<Answered>> {
  const meter = formatMeterId(request.meterId);
  const books = await lockMeter(trx, meter);
  const answered = await recordOf(trx, meter, request.sequence);
  if (answered !== undefined) {
    const { authorisation, obstacle } = answered;
    if (isAnswerTo(authorisation, request))
      return { ok: true, value: { authorisation, obstacle: obstacle ?? undefined } };
    await recordFinding(context, trx, {
      kind: 'requestChanged',
      meterId: meter,
      text: `Withdrawal ${request.sequence} was requested twice with different content: there are two meters.`,
      evidence: bytes,
    });
    return refuseBecause('requestChanged');
  }
  if (await isLeaving(trx, meter)) {
    const text =
      'A meter that has agreed to give everything back offers it again: there are two meters.';
    const finding = { kind: 'meterWithdrawn', meterId: meter, text, evidence: bytes };
    await recordFinding(context, trx, finding);
    return refuseBecause('meterWithdrawn');
  }
  if (request.sequence !== books.refillSequence + 1) return refuseBecause('outOfSequence');
  const obstacle = await obstacleTo(trx, meter, request.registers, books);
  if (obstacle === 'registersContradict')
    await recordFinding(context, trx, {
      kind: 'registersContradict',
      meterId: meter,
      text: 'A meter offers its registers for withdrawal, and they are not what was credited.',
      evidence: bytes,
    });
  return { ok: true, value: await answer(context, trx, bytes, request, books, obstacle) };
}

export function recordOf(trx: ProviderTransaction, meter: string, sequence: number) {
  return trx
    .selectFrom('withdrawals')
    .selectAll()
    .where('meter_id', '=', meter)
    .where('sequence', '=', sequence)
    .executeTakeFirst();
}

type Terms = Pick<WithdrawalAuthorisation, 'nonce' | 'postal' | 'certificate'>;

/** A request signed anew is the same one. */
export function isAnswerTo(
  authorisation: Uint8Array,
  { nonce, postal, certificate }: Terms,
): boolean {
  const recorded = withdrawalAuthorisationDocument.read(authorisation);
  if (!recorded.ok) throw new Error('the record of a withdrawal is damaged');
  return (
    equalBytes(recorded.value.nonce, nonce) &&
    recorded.value.postal === postal &&
    recorded.value.certificate === certificate
  );
}

async function obstacleTo(
  trx: ProviderTransaction,
  meter: string,
  registers: Registers,
  books: MeterBooks,
): Promise<WithdrawalObstacle | undefined> {
  const isCurrent = isCurrentAccount(registers, books);
  if (!isBooked(registers, books, isCurrent) || registers.withdrawn > 0)
    return 'registersContradict';
  if (isCurrent && registers.ascending > books.settled) return 'unsettled';
  // a meter that is stopped gets no refill any more: what is reserved for it stays with the provider
  const isStopped = (actionOf(books.lockOrder) ?? 'unlock') !== 'unlock';
  const isWaiting =
    books.spoilageApproved > books.spoilageCredited || (await hasOpenClaim(trx, meter));
  return isWaiting && !isStopped ? 'spoilageWaiting' : undefined;
}

/** A current account credits what it spends; it was never loaded. */
export function isCurrentAccount(
  { credited, ascending, descending }: Registers,
  books: MeterBooks,
) {
  return books.credited === 0 && descending === 0 && ascending > 0 && credited === ascending;
}

/** Whether the registers are what was credited, to the mill. */
export function isBooked(registers: Registers, books: MeterBooks, isCurrent: boolean): boolean {
  const { ascending, descending, withdrawn, credited, spoilageCredited } = registers;
  const { certificateAscending, certificateDescending } = registers;
  const { certificateWithdrawn, certificateCredited } = registers;
  return (
    ascending + descending + withdrawn === credited + spoilageCredited &&
    certificateAscending + certificateDescending + certificateWithdrawn === certificateCredited &&
    (isCurrent || credited === books.credited) &&
    spoilageCredited === books.spoilageCredited &&
    certificateCredited === books.certificateCredited &&
    registers.settled === books.settled &&
    ascending >= books.ascending &&
    certificateAscending >= books.certificateAscending
  );
}

async function hasOpenClaim(trx: ProviderTransaction, meter: string): Promise<boolean> {
  const open = await trx
    .selectFrom('claims')
    .select('claim_id')
    .where('meter_id', '=', meter)
    .where('request', 'is not', null)
    .where('answer', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return open !== undefined;
}

/** Signs and keeps what is said. Nothing moves yet. */
async function answer(
  context: ProviderContext,
  trx: ProviderTransaction,
  bytes: Uint8Array,
  request: WithdrawalRequest,
  { customerId }: MeterBooks,
  obstacle: WithdrawalObstacle | undefined,
): Promise<Answered> {
  const { meterId, sequence, nonce, postal, certificate, registers } = request;
  const meter = formatMeterId(meterId);
  const timeMs = context.now();
  const verdict = obstacle === undefined ? 'agreed' : 'refused';
  const fields = { meterId, sequence, nonce, postal, certificate, verdict, timeMs } as const;
  const { crypto, keys } = context;
  const authorisation = signWithdrawalAuthorisation(crypto, keys.privateKey, fields);
  const subject = { kind: 'withdrawal', customerId, meter, evidence: bytes } as const;
  await logged(context, trx, subject, async (entry) => {
    // registers that contradict the books are no figures to compare later ones with
    const ascending = obstacle === 'registersContradict' ? {} : ascendingOf(registers);
    await trx
      .updateTable('meters')
      .set({ refill_sequence: sequence, ...ascending })
      .where('meter_id', '=', meter)
      .execute();
    await trx
      .insertInto('withdrawals')
      .values({
        meter_id: meter,
        sequence,
        request: bytes,
        authorisation,
        verdict,
        obstacle: obstacle ?? null,
        postal,
        certificate,
        time_ms: timeMs,
        proof: null,
        is_told: 0,
      })
      .execute();
    if (obstacle !== undefined)
      await recordMovement(trx, entry, movementOf(meterId, sequence, mills(0), timeMs));
  });
  return { authorisation, obstacle };
}

const ascendingOf = ({ ascending, certificateAscending }: Registers) => ({
  ascending,
  certificate_ascending: certificateAscending,
});

/** Of both registers together. */
export const movementOf = (meterId: Uint8Array, sequence: number, amount: Mills, timeMs: number) =>
  ({ meterId, sequence, kind: 'withdrawal', account: 'postal', amount, timeMs }) as const;
