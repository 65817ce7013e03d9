/** By which rules credit is given, as the operator sets them (requirements.md E1; P fig. 8, 804). */

import { equalBytes } from '#protocol/bytes';
import { verifyCertificateInTime } from '#protocol/documents/authority-chain';
import { dateOf } from '#protocol/documents/date';
import { type Mills, mills } from '#protocol/mills';
import { judgeByAuthority } from '../authority-keys.ts';
import type { ProviderContext, ProviderTransaction } from '../context.ts';
import { type ProviderOutcome, refuseBecause } from '../refusals.ts';

export interface CreditTerms {
  /** Compact certificate of the usage `creditIssuer` of the provider key. */
  readonly issuer: Uint8Array;
  /** Up to this much in all for a meter nobody is asked; more waits for the operator. */
  readonly automaticMax: Mills;
  /** The most that a meter may have in lines at a time. */
  readonly lineMax: Mills;
  /** For how long a line is valid, the first day counted. */
  readonly days: number;
}

/** Sets them; lines that were given stay. */
export async function setCreditTerms(
  context: ProviderContext,
  { issuer, automaticMax, lineMax, days }: CreditTerms,
): Promise<ProviderOutcome<Record<never, never>>> {
  const { crypto, db, keys, now } = context;
  const demand = { usage: 'creditIssuer', date: dateOf(now()) } as const;
  const read = await judgeByAuthority(context, (known) =>
    verifyCertificateInTime(crypto, known, issuer, demand),
  );
  if (!read.ok || !equalBytes(read.value.publicKey, keys.publicKey))
    return refuseBecause('certificateInvalid');
  const terms = { issuer, automatic_max: automaticMax, line_max: lineMax, days };
  await db
    .insertInto('credit_terms')
    .values({ terms_id: 1, ...terms })
    .onConflict((conflict) => conflict.column('terms_id').doUpdateSet(terms))
    .execute();
  return { ok: true, value: {} };
}

/** Undefined before the operator has set them. */
export async function readCreditTerms(trx: ProviderTransaction): Promise<CreditTerms | undefined> {
  const row = await trx.selectFrom('credit_terms').selectAll().executeTakeFirst();
  if (row === undefined || row.issuer === null) return undefined;
  const { issuer, automatic_max, line_max, days } = row;
  return { issuer, automaticMax: mills(automatic_max), lineMax: mills(line_max), days };
}
