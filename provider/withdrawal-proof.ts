/**
 * The end of a withdrawal: the proof of the meter that it has nothing any more credits the account, once, and the authority is
 * told (requirements.md B7; domain.md R22, R23).
 */

import { equalBytes } from '#protocol/bytes';
import { SIGNATURE_SIZE } from '#protocol/crypto';
import { formatMeterId } from '#protocol/documents/meter-id';
import {
  type WithdrawalAuthorisation,
  type WithdrawalReport,
  withdrawalReportDocument,
} from '#protocol/documents/withdrawal';
import { type Mills, mills } from '#protocol/mills';
import type { ProviderContext, ProviderTransaction } from './context.ts';
import { giveBack } from './customers.ts';
import { signerOf } from './device-keys.ts';
import { recordFinding } from './findings.ts';
import { lockMeter, type MeterBooks, readMeter } from './meters.ts';
import { recordMovement } from './movements.ts';
import { takeBack } from './pool.ts';
import { type ProviderOutcome, refuseBecause } from './refusals.ts';
import { logged } from './transaction-log.ts';
import { bookTransaction } from './transactions.ts';

import {
  isAnswerTo,
  isBooked,
  isCurrentAccount,
  movementOf,
  recordOf,
  type WithdrawalObstacle,
} from './withdrawal.ts';

/** At most so many withdrawals in one answer. */
export const WITHDRAWALS_LIMIT = 100;

export interface Returned {
  readonly postal: Mills;
  readonly certificate: Mills;
}

/** Takes the proof of an agreed withdrawal and credits the account, once; the authority is told as soon as it answers. */
export async function proveWithdrawal(
  context: ProviderContext,
  { report }: { readonly report: Uint8Array },
): Promise<ProviderOutcome<Returned>> {
  const read = withdrawalReportDocument.read(report);
  if (!read.ok) return refuseBecause('documentMalformed');
  const signer = await signerOf(
    context,
    read.value.meterId,
    ({ publicKey }) => withdrawalReportDocument.verify(context.crypto, publicKey, report).ok,
  );
  if (!signer.ok) return signer;
  const outcome = await context.db
    .transaction()
    .execute((trx) => takeProof(context, trx, report, read.value));
  if (outcome.ok) await tell(context, formatMeterId(read.value.meterId), report);
  return outcome;
}

async function takeProof(
  context: ProviderContext,
  trx: ProviderTransaction,
  bytes: Uint8Array,
  proof: WithdrawalReport,
): Promise<ProviderOutcome<Returned>> {
  const { meterId, sequence, postal, certificate, registers } = proof;
  const meter = formatMeterId(meterId);
  const books = await lockMeter(trx, meter);
  const agreed = await recordOf(trx, meter, sequence);
  if (agreed?.verdict !== 'agreed' || !isAnswerTo(agreed.authorisation, proof))
    return refuseBecause('withdrawalUnknown');
  const value = { postal, certificate };
  if (agreed.proof !== null)
    return isSame(agreed.proof, bytes) ? { ok: true, value } : refuseBecause('proofChanged');
  const isProved =
    isBooked(registers, books, isCurrentAccount(registers, books)) &&
    registers.withdrawn === postal &&
    registers.certificateWithdrawn === certificate;
  if (!isProved) {
    const text = 'A meter proves its withdrawal with registers that are not what was agreed.';
    await recordFinding(context, trx, {
      kind: 'registersContradict',
      meterId: meter,
      text,
      evidence: bytes,
    });
    return refuseBecause('registersContradict');
  }
  await creditAccount(context, trx, bytes, proof, books);
  return { ok: true, value };
}

/** The signature may have another form; what was signed tells. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return equalBytes(one.subarray(0, -SIGNATURE_SIZE), other.subarray(0, -SIGNATURE_SIZE));
}

async function creditAccount(
  context: ProviderContext,
  trx: ProviderTransaction,
  bytes: Uint8Array,
  { meterId, sequence, postal, certificate }: WithdrawalReport,
  { customerId }: MeterBooks,
): Promise<void> {
  const meter = formatMeterId(meterId);
  const amount = mills(postal + certificate);
  const timeMs = context.now();
  const subject = { kind: 'proof', customerId, meter, evidence: bytes } as const;
  await logged(context, trx, subject, async (entry) => {
    await giveBack(trx, customerId, amount);
    await takeBack(trx, amount);
    await trx
      .updateTable('meters')
      .set((eb) => ({
        withdrawn: eb('withdrawn', '+', postal),
        certificate_withdrawn: eb('certificate_withdrawn', '+', certificate),
        is_withdrawn: 1,
      }))
      .where('meter_id', '=', meter)
      .execute();
    await trx
      .updateTable('withdrawals')
      .set({ proof: bytes })
      .where('meter_id', '=', meter)
      .where('sequence', '=', sequence)
      .execute();
    await recordMovement(trx, entry, movementOf(meterId, sequence, amount, timeMs));
    const booking = { customerId, kind: 'withdrawal', amount, meterId, timeMs } as const;
    await bookTransaction(context, trx, booking);
  });
}

/** Tells the authority of a proof. @returns false where it has not answered: it is told later */
async function tell(
  { authority, db }: ProviderContext,
  meter: string,
  report: Uint8Array,
): Promise<boolean> {
  try {
    await authority.takeWithdrawal({ report });
  } catch {
    return false; // on record as not told
  }
  await db
    .updateTable('withdrawals')
    .set({ is_told: 1 })
    .where('meter_id', '=', meter)
    .where('proof', 'is not', null)
    .execute();
  return true;
}

/** Tells the authority of every proof that it has not heard of. */
export async function finishWithdrawals(
  context: ProviderContext,
): Promise<ProviderOutcome<{ readonly finished: number; readonly pending: number }>> {
  const open = await context.db
    .selectFrom('withdrawals')
    .select(['meter_id', 'proof'])
    .where('proof', 'is not', null)
    .where('is_told', '=', 0)
    .orderBy('time_ms')
    .execute();
  let finished = 0;
  for (const { meter_id, proof } of open)
    if (proof !== null && (await tell(context, meter_id, proof))) finished += 1;
  return { ok: true, value: { finished, pending: open.length - finished } };
}

export interface WithdrawalOnRecord extends Returned {
  readonly sequence: number;
  readonly verdict: WithdrawalAuthorisation['verdict'];
  readonly obstacle: WithdrawalObstacle | undefined;
  readonly isProved: boolean;
  readonly isToldToAuthority: boolean;
  readonly timeMs: number;
}

/** The withdrawals of a meter, the latest first. */
export async function listWithdrawals(
  { db }: ProviderContext,
  { meterId }: { readonly meterId: Uint8Array },
): Promise<ProviderOutcome<{ readonly withdrawals: readonly WithdrawalOnRecord[] }>> {
  const known = await readMeter({ db }, { meterId });
  if (!known.ok) return known;
  const rows = await db
    .selectFrom('withdrawals')
    .selectAll()
    .where('meter_id', '=', formatMeterId(meterId))
    .orderBy('sequence', 'desc')
    .limit(WITHDRAWALS_LIMIT)
    .execute();
  const withdrawals = rows.map((row) => ({
    sequence: row.sequence,
    verdict: row.verdict,
    obstacle: row.obstacle ?? undefined,
    postal: mills(row.postal),
    certificate: mills(row.certificate),
    isProved: row.proof !== null,
    isToldToAuthority: row.is_told === 1,
    timeMs: row.time_ms,
  }));
  return { ok: true, value: { withdrawals } };
}
