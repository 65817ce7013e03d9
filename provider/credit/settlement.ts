/**
 * Payments that merchants bring: each settled once, in any order; what cannot be true of one line is found and told
 * (requirements.md E2, G9; P fig. 9).
 */

import { equalBytes } from '#protocol/bytes';
import { SIGNATURE_SIZE } from '#protocol/crypto';
import {
  creditCertificateDocument,
  type Payment,
  paymentDocument,
} from '#protocol/documents/credit';
import { formatMeterId } from '#protocol/documents/meter-id';
import { verifyPayment } from '#protocol/documents/payment-check';
import { type Mills, mills } from '#protocol/mills';
import type { ProviderContext, ProviderTransaction } from '../context.ts';
import { recordFinding } from '../findings.ts';
import { type ProviderOutcome, refuseBecause } from '../refusals.ts';

/**
 * `settled` now · `settledBefore` the same payment, which is paid once · `forged` another payment has its number ·
 * `overspent` more is paid than the line has, or than is left by what was paid before.
 */
export const settlementVerdicts = ['settled', 'settledBefore', 'forged', 'overspent'] as const;
export type SettlementVerdict = (typeof settlementVerdicts)[number];

export interface Settlement {
  readonly verdict: SettlementVerdict;
  readonly serial: number;
  readonly number: number;
  readonly amount: Mills;
  /** When it was settled, by this or an earlier question; undefined where it is not. */
  readonly settledMs: number | undefined;
}

/** Settles a payment. One that is not of a line from here, or not signed by its key, is refused. */
export async function settlePayment(
  context: ProviderContext,
  { payment }: { readonly payment: Uint8Array },
): Promise<ProviderOutcome<Settlement>> {
  const read = paymentDocument.read(payment);
  if (!read.ok) return refuseBecause('documentMalformed');
  const { creditDigest, number } = read.value;
  if (number === 0) return refuseBecause('paymentInvalid', 'amountInvalid');
  return context.db.transaction().execute(async (trx) => {
    const line = await lockLine(trx, creditDigest);
    if (line === undefined) return refuseBecause('creditUnknown');
    const credit = creditCertificateDocument.read(line.certificate);
    if (!credit.ok) throw new Error('the record of a line is damaged');
    const verified = verifyPayment(context.crypto, credit.value, creditDigest, payment);
    if (!verified.ok) return refuseBecause('paymentInvalid', verified.status);
    if (formatMeterId(verified.value.meterId) !== line.meter_id)
      return refuseBecause('paymentInvalid', 'documentForOtherMeter');
    return { ok: true, value: await settle(context, trx, line.amount, verified.value, payment) };
  });
}

/** Two payments of a line are settled one after the other. */
const lockLine = (trx: ProviderTransaction, digest: Uint8Array) =>
  trx
    .updateTable('credit_lines')
    .set((eb) => ({ amount: eb.ref('amount') }))
    .where('digest', '=', digest)
    .returning(['certificate', 'amount', 'meter_id'])
    .executeTakeFirst();

async function settle(
  context: ProviderContext,
  trx: ProviderTransaction,
  lineAmount: number,
  paid: Payment,
  payment: Uint8Array,
): Promise<Settlement> {
  const { serial, number, amount, rest, meterId } = paid;
  const core = payment.slice(0, -SIGNATURE_SIZE);
  const told = { serial, number, amount };
  const others = await trx
    .selectFrom('credit_payments')
    .selectAll()
    .where('serial', '=', serial)
    .execute();
  const same = others.find((other) => other.number === number);
  const text = await contradiction();
  if (same !== undefined && text === undefined)
    return { verdict: 'settledBefore', ...told, settledMs: same.settled_ms };
  if (text !== undefined) {
    const verdict = same === undefined ? 'overspent' : 'forged';
    const finding = { kind: `payment ${verdict}`, meterId: formatMeterId(meterId), text };
    await recordFinding(context, trx, { ...finding, evidence: payment });
    return { verdict, ...told, settledMs: undefined };
  }
  const settledMs = context.now();
  await trx
    .insertInto('credit_payments')
    .values({ serial, number, core, amount, rest, settled_ms: settledMs })
    .execute();
  return { verdict: 'settled', ...told, settledMs };

  /** What cannot be: a number twice; the sum above the line; a rest that earlier or later payments contradict. */
  async function contradiction(): Promise<string | undefined> {
    if (same !== undefined)
      return equalBytes(same.core, core)
        ? undefined
        : `Line ${serial} has two payments with the number ${number}.`;
    const spent = others.reduce((sum, other) => sum + other.amount, 0);
    if (spent + amount > lineAmount)
      return `Line ${serial} has ${lineAmount} mills, and ${spent + amount} are paid from it.`;
    const before = others.filter((other) => other.number < number);
    const spentBefore = before.reduce((sum, other) => sum + other.amount, 0);
    const isRestTooGreat = rest > lineAmount - spentBefore - amount;
    const isWhole = before.length === number - 1;
    if (isRestTooGreat || (isWhole && rest !== lineAmount - spentBefore - amount))
      return `Payment ${number} of line ${serial} tells ${rest} mills left, which earlier payments contradict.`;
    const isUndercut = others.some(
      (other) => other.number > number && other.rest > rest - other.amount,
    );
    return isUndercut
      ? `Payment ${number} of line ${serial} tells ${rest} mills left, which later payments contradict.`
      : undefined;
  }
}

export interface Statement {
  readonly serial: number;
  readonly certificate: Uint8Array;
  readonly amount: Mills;
  readonly settled: Mills;
  readonly payments: readonly {
    readonly number: number;
    readonly amount: Mills;
    readonly rest: Mills;
    readonly settledMs: number;
  }[];
  /** Numbers below the last one that no merchant has brought yet. */
  readonly missing: number;
}

/** At most so many payments in one statement: the last ones. */
export const STATEMENT_LIMIT = 1_000;

/** What was paid from a line, as far as merchants have brought it. */
export async function readCreditLine(
  { db }: ProviderContext,
  { serial }: { readonly serial: number },
): Promise<ProviderOutcome<Statement>> {
  const line = await db
    .selectFrom('credit_lines')
    .select(['certificate', 'amount'])
    .where('serial', '=', serial)
    .executeTakeFirst();
  if (line === undefined) return refuseBecause('creditUnknown');
  const rows = await db
    .selectFrom('credit_payments')
    .selectAll()
    .where('serial', '=', serial)
    .orderBy('number')
    .execute();
  const value = {
    serial,
    certificate: line.certificate,
    amount: mills(line.amount),
    settled: mills(rows.reduce((sum, { amount }) => sum + amount, 0)),
    payments: rows.slice(-STATEMENT_LIMIT).map(({ number, amount, rest, settled_ms }) => ({
      number,
      amount: mills(amount),
      rest: mills(rest),
      settledMs: settled_ms,
    })),
    missing: (rows.at(-1)?.number ?? 0) - rows.length,
  };
  return { ok: true, value };
}
