/**
 * Whether a payment certificate is good, which needs nothing but the papers and the authority's key (requirements.md E2; P
 * fig. 9): merchants ask it, and the issuer before it settles.
 */

import { equalBytes } from '../bytes.ts';
import type { Crypto } from '../crypto.ts';
import { type Result, refuse } from '../result.ts';
import { type CompactCertificate, verifyCompactCertificate } from './compact-certificate.ts';
import type { Payment } from './credit.ts';
import { type CreditCertificate, creditCertificateDocument, paymentDocument } from './credit.ts';
import { dateOf } from './date.ts';

/** What the holder of a line shows, and what the authority says of its issuer. */
export interface CreditPapers {
  /** The line-of-credit certificate. */
  readonly credit: Uint8Array;
  /** The compact certificate of the issuer. */
  readonly issuer: Uint8Array;
}

export interface CheckedCredit {
  readonly credit: CreditCertificate;
  readonly issuer: CompactCertificate;
}

/**
 * A line of credit by the chain of its issuer. The issuer's certificate must be valid on the line's first day; whether the line is
 * valid on some day is the caller's to check.
 * Refusals: `documentMalformed` · `signatureInvalid` · `documentMismatch` another usage or another issuer ·
 * `documentNotValidNow` the issuer was not certified then.
 */
export function verifyCredit(
  crypto: Crypto,
  authorityKey: Uint8Array,
  { credit, issuer }: CreditPapers,
): Result<CheckedCredit> {
  const read = creditCertificateDocument.read(credit);
  if (!read.ok) return read;
  const certified = verifyCompactCertificate(crypto, authorityKey, issuer, {
    usage: 'creditIssuer',
    date: read.value.validFrom,
  });
  if (!certified.ok) return certified;
  const line = creditCertificateDocument.verify(crypto, certified.value.publicKey, credit);
  if (!line.ok) return line;
  if (!equalBytes(line.value.issuer, certified.value.subject)) return refuse('documentMismatch');
  return { ok: true, value: { credit: line.value, issuer: certified.value } };
}

/**
 * A payment by the key of its line. Refusals: `documentMalformed` · `documentMismatch` of another line · `signatureInvalid` ·
 * `creditExpired` made outside the validity of the line · `creditNotFor` another use · `creditExceeded` more than the line has.
 */
export function verifyPayment(
  crypto: Crypto,
  credit: CreditCertificate,
  creditDigest: Uint8Array,
  payment: Uint8Array,
): Result<Payment> {
  const read = paymentDocument.read(payment);
  if (!read.ok) return read;
  if (read.value.serial !== credit.serial || !equalBytes(read.value.creditDigest, creditDigest))
    return refuse('documentMismatch');
  const signed = paymentDocument.verify(crypto, credit.publicKey, payment);
  if (!signed.ok) return signed;
  const { amount, rest, use, timeMs } = signed.value;
  const day = dateOf(timeMs);
  if (day < credit.validFrom || day > credit.validTo) return refuse('creditExpired');
  if (!credit.uses[use]) return refuse('creditNotFor');
  return amount + rest > credit.amount ? refuse('creditExceeded', credit.amount) : signed;
}
