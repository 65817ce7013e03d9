/** The meters this provider refills: whose they are, their device certificates, and what they were credited. */

import { equalBytes } from '#protocol/bytes';
import { verifyCertificateInTime } from '#protocol/documents/authority-chain';
import { dateOf } from '#protocol/documents/date';
import { formatMeterId } from '#protocol/documents/meter-id';
import type { RefillKind, RefillReason } from '#protocol/documents/refill';
import { type Mills, mills } from '#protocol/mills';
import type { AccountName } from '#protocol/state';
import { judgeByAuthority } from './authority-keys.ts';
import type { ProviderContext, ProviderTransaction } from './context.ts';
import { readCustomer } from './customers.ts';
import { replaceCertificate } from './device-keys.ts';
import { type ProviderOutcome, refuseBecause } from './refusals.ts';
import type { MeterTable } from './tables.ts';

/** At most so many refills in one answer. */
export const REFILLS_LIMIT = 100;

export interface Enrolment {
  readonly customerId: number;
  /** Compact certificate of the device key. */
  readonly certificate: Uint8Array;
}

/** Enrols a meter for a customer, by the certificate of the key that will sign its refill requests. */
export async function enrolMeter(
  context: ProviderContext,
  { customerId, certificate }: Enrolment,
): Promise<ProviderOutcome<{ readonly meterId: Uint8Array }>> {
  const { crypto, db, now } = context;
  const demand = { usage: 'device', date: dateOf(now()) } as const;
  const read = await judgeByAuthority(context, (keys) =>
    verifyCertificateInTime(crypto, keys, certificate, demand),
  );
  if (!read.ok) return refuseBecause('certificateInvalid');
  const customer = await readCustomer({ db }, { customerId });
  if (!customer.ok) return customer;
  const meterId = read.value.subject;
  await db
    .insertInto('meters')
    .values({
      meter_id: formatMeterId(meterId),
      customer_id: customerId,
      certificate,
      credited: 0,
      certificate_credited: 0,
      withdrawn: 0,
      certificate_withdrawn: 0,
      spoilage_approved: 0,
      spoilage_credited: 0,
      settled: 0,
      refill_sequence: 0,
      ascending: 0,
      certificate_ascending: 0,
      lock_order: null,
      is_withdrawn: 0,
    })
    .onConflict((conflict) => conflict.column('meter_id').doNothing())
    .execute();
  const enrolled = await db
    .selectFrom('meters')
    .select(['customer_id', 'certificate'])
    .where('meter_id', '=', formatMeterId(meterId))
    .executeTakeFirstOrThrow();
  if (enrolled.customer_id !== customerId) return refuseBecause('meterEnrolled');
  const isKnown = equalBytes(enrolled.certificate, certificate);
  const isTaken = isKnown || (await replaceCertificate(db, enrolled.certificate, certificate));
  return isTaken ? { ok: true, value: { meterId } } : refuseBecause('meterEnrolled');
}

/** What moved into a meter and out of it. */
export interface MeterBooks {
  readonly customerId: number;
  /** Bought into its two registers. */
  readonly credited: Mills;
  readonly certificateCredited: Mills;
  /** Approved for spoiled pieces, and what of it has gone to the meter. */
  readonly spoilageApproved: Mills;
  readonly spoilageCredited: Mills;
  /** How far a current account is settled. */
  readonly settled: Mills;
  /** What came back from its two registers. */
  readonly withdrawn: Mills;
  readonly certificateWithdrawn: Mills;
  /** Sequence of the last refill or withdrawal that was answered. */
  readonly refillSequence: number;
  /** The ascending registers as it told them last. */
  readonly ascending: Mills;
  readonly certificateAscending: Mills;
  readonly isWithdrawn: boolean;
  /** The latest order of the authority that is known. */
  readonly lockOrder: Uint8Array | undefined;
}

function booksOf(row: MeterTable): MeterBooks {
  return {
    customerId: row.customer_id,
    credited: mills(row.credited),
    certificateCredited: mills(row.certificate_credited),
    spoilageApproved: mills(row.spoilage_approved),
    spoilageCredited: mills(row.spoilage_credited),
    settled: mills(row.settled),
    withdrawn: mills(row.withdrawn),
    certificateWithdrawn: mills(row.certificate_withdrawn),
    refillSequence: row.refill_sequence,
    ascending: mills(row.ascending),
    certificateAscending: mills(row.certificate_ascending),
    isWithdrawn: row.is_withdrawn === 1,
    lockOrder: row.lock_order ?? undefined,
  };
}

export async function readMeter(
  { db }: Pick<ProviderContext, 'db'>,
  { meterId }: { readonly meterId: Uint8Array },
): Promise<ProviderOutcome<MeterBooks>> {
  const row = await db
    .selectFrom('meters')
    .selectAll()
    .where('meter_id', '=', formatMeterId(meterId))
    .executeTakeFirst();
  return row === undefined ? refuseBecause('meterUnknown') : { ok: true, value: booksOf(row) };
}

/** Holds a meter until the transaction ends, so that its requests follow one another: writing a row locks it. */
export async function lockMeter(trx: ProviderTransaction, meter: string): Promise<MeterBooks> {
  const row = await trx
    .updateTable('meters')
    .set((eb) => ({ refill_sequence: eb.ref('refill_sequence') }))
    .where('meter_id', '=', meter)
    .returningAll()
    .executeTakeFirstOrThrow();
  return booksOf(row);
}

/** Whether a meter has agreed to give back all that is in it: it gets nothing any more. */
export async function isLeaving(trx: ProviderTransaction, meter: string): Promise<boolean> {
  const agreed = await trx
    .selectFrom('withdrawals')
    .select('sequence')
    .where('meter_id', '=', meter)
    .where('verdict', '=', 'agreed')
    .limit(1)
    .executeTakeFirst();
  return agreed !== undefined;
}

export interface RefillOnRecord {
  readonly sequence: number;
  readonly kind: RefillKind;
  readonly account: AccountName;
  readonly requestedAmount: Mills;
  readonly amount: Mills;
  readonly reason: RefillReason;
  readonly timeMs: number;
}

/** The refills of a meter after a sequence, the oldest first; 0 for the first ones (domain.md R18). */
export async function listRefills(
  { db }: ProviderContext,
  { meterId, after }: { readonly meterId: Uint8Array; readonly after: number },
): Promise<ProviderOutcome<{ readonly refills: readonly RefillOnRecord[] }>> {
  const known = await readMeter({ db }, { meterId });
  if (!known.ok) return known;
  const rows = await db
    .selectFrom('refills')
    .select(['sequence', 'kind', 'account', 'requested', 'amount', 'reason', 'time_ms'])
    .where('meter_id', '=', formatMeterId(meterId))
    .where('sequence', '>', after)
    .orderBy('sequence')
    .limit(REFILLS_LIMIT)
    .execute();
  const refills = rows.map(({ requested, amount, time_ms, ...refill }) => ({
    ...refill,
    requestedAmount: mills(requested),
    amount: mills(amount),
    timeMs: time_ms,
  }));
  return { ok: true, value: { refills } };
}
