/** The compact certificate: a public key, whose it is, and what it may be used for (requirements.md D7), 130 bytes. */

import { equalBytes } from '../bytes.ts';
import type { Crypto, KeyPair } from '../crypto.ts';
import { bytes, oneOf, u32 } from '../fields.ts';
import { type Result, refuse } from '../result.ts';
import { date, publicKey } from './document-fields.ts';
import { decodeMeterId } from './meter-id.ts';
import { type Issued, issuedDocument } from './signed-document.ts';

/**
 * What a certified key signs: `authority` certificates, licences and rate tables · `device` status reports, refill
 * requests and the handshake · `indicium` indicia · `provider` refill authorisations · `creditIssuer` line-of-credit
 * certificates.
 */
export const certificateUsages = [
  'authority',
  'device',
  'indicium',
  'provider',
  'creditIssuer',
] as const;
export type CertificateUsage = (typeof certificateUsages)[number];

export interface CertificateFields {
  /** Unique for the issuer; the indicium names its certificate by it. */
  readonly serial: number;
  /** Eight bytes; the meter id where the usage is `device` or `indicium`. */
  readonly subject: Uint8Array;
  readonly usage: CertificateUsage;
  /** First day of validity, YYYYMMDD. */
  readonly validFrom: number;
  /** Last day of validity, YYYYMMDD. */
  readonly validTo: number;
  /** 33 bytes, compressed point on P-256. */
  readonly publicKey: Uint8Array;
}
export type CompactCertificate = Issued<CertificateFields>;

export const compactCertificateDocument = issuedDocument<CertificateFields>(
  'TCC1',
  {
    serial: u32,
    subject: bytes(8),
    usage: oneOf(certificateUsages),
    validFrom: date,
    validTo: date,
    publicKey,
  },
  ({ usage, subject, validFrom, validTo }) =>
    validFrom <= validTo && (!isOfMeter(usage) || decodeMeterId(subject) !== undefined),
);

function isOfMeter(usage: CertificateUsage): boolean {
  return usage === 'device' || usage === 'indicium';
}

/** @throws Error where a field does not fit: a bug of the caller */
export function issueCompactCertificate(
  crypto: Crypto,
  issuer: KeyPair,
  fields: CertificateFields,
): Uint8Array {
  return compactCertificateDocument.issue(crypto, issuer, fields);
}

/** The fields, whoever signed them. Refusal: `documentMalformed`. */
export function readCompactCertificate(bytes: Uint8Array): Result<CompactCertificate> {
  return compactCertificateDocument.read(bytes);
}

export interface CertificateDemand {
  readonly usage: CertificateUsage;
  /** The meter or party it must belong to; anyone where left out. */
  readonly subject?: Uint8Array;
  /** The day it must be valid on, YYYYMMDD; any day where left out. */
  readonly date?: number;
}

/**
 * Refusals: `documentMalformed` · `signatureInvalid` another issuer or a wrong signature · `documentMismatch` another
 * usage · `documentForOtherMeter` another subject · `documentNotValidNow` not valid on the day.
 */
export function verifyCompactCertificate(
  crypto: Crypto,
  authorityKey: Uint8Array,
  bytes: Uint8Array,
  demand: CertificateDemand,
): Result<CompactCertificate> {
  const result = compactCertificateDocument.verify(crypto, authorityKey, bytes);
  if (!result.ok) return result;
  const { usage, subject, validFrom, validTo } = result.value;
  if (usage !== demand.usage) return refuse('documentMismatch');
  if (demand.subject !== undefined && !equalBytes(subject, demand.subject))
    return refuse('documentForOtherMeter');
  if (demand.date !== undefined && (demand.date < validFrom || demand.date > validTo))
    return refuse('documentNotValidNow');
  return result;
}
