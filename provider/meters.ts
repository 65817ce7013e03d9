/** The meters this provider refills: whose they are, their device certificates, and what they were credited. */

import { equalBytes } from '#protocol/bytes';
import { verifyCompactCertificate } from '#protocol/documents/compact-certificate';
import { dateOf } from '#protocol/documents/date';
import { formatMeterId } from '#protocol/documents/meter-id';
import { type Mills, mills } from '#protocol/mills';
import type { ProviderContext } from './context.ts';
import { readCustomer } from './customers.ts';
import { type ProviderOutcome, refuseBecause } from './refusals.ts';

export interface Enrolment {
  readonly customerId: number;
  /** Compact certificate of the device key. */
  readonly certificate: Uint8Array;
}

/** Enrols a meter for a customer, by the certificate of the key that will sign its refill requests. */
export async function enrolMeter(
  { authorityKey, crypto, db, now }: ProviderContext,
  { customerId, certificate }: Enrolment,
): Promise<ProviderOutcome<{ readonly meterId: Uint8Array }>> {
  const date = dateOf(now());
  const read = verifyCompactCertificate(crypto, authorityKey, certificate, {
    usage: 'device',
    date,
  });
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
      refunded: 0,
      refill_sequence: 0,
      ascending: 0,
    })
    .onConflict((conflict) => conflict.column('meter_id').doNothing())
    .execute();
  const enrolled = await db
    .selectFrom('meters')
    .select(['customer_id', 'certificate'])
    .where('meter_id', '=', formatMeterId(meterId))
    .executeTakeFirstOrThrow();
  return enrolled.customer_id === customerId && equalBytes(enrolled.certificate, certificate)
    ? { ok: true, value: { meterId } }
    : refuseBecause('meterEnrolled');
}

export interface EnrolledMeter {
  readonly customerId: number;
  /** Everything ever credited to it. */
  readonly credited: Mills;
  readonly refunded: Mills;
  /** Sequence of the last refill that was answered. */
  readonly refillSequence: number;
}

export async function readMeter(
  { db }: Pick<ProviderContext, 'db'>,
  { meterId }: { readonly meterId: Uint8Array },
): Promise<ProviderOutcome<EnrolledMeter>> {
  const row = await db
    .selectFrom('meters')
    .selectAll()
    .where('meter_id', '=', formatMeterId(meterId))
    .executeTakeFirst();
  if (row === undefined) return refuseBecause('meterUnknown');
  const value = {
    customerId: row.customer_id,
    credited: mills(row.credited),
    refunded: mills(row.refunded),
    refillSequence: row.refill_sequence,
  };
  return { ok: true, value };
}
