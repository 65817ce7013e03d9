/** The indicium: evidence of postage paid, 128 bytes, of which 64 are the signature (requirements.md C1; domain.md 1.3). */

import * as P from 'micro-packed';
import { equalBytes, joinBytes } from '../bytes.ts';
import { type Crypto, SIGNATURE_SIZE } from '../crypto.ts';
import { bytes, flags, mills24, mills32, mills40, u16, u32 } from '../fields.ts';
import type { Mills } from '../mills.ts';
import { type Result, refuse } from '../result.ts';
import type { CompactCertificate } from './compact-certificate.ts';
import { daysBetween, MAILING_DAYS_AHEAD_MAX } from './date.ts';
import {
  checked,
  date,
  decodeDocument,
  destination,
  exactly,
  keyIdField,
  meterId,
  zip,
} from './document-fields.ts';
import { keyId } from './key-id.ts';
import { hasSignature } from './signed-document.ts';

export const INDICIUM_SIZE = 128;
/** The first byte: neither of the legacy formats begins with it. */
export const INDICIUM_VERSION = 0x54;
/** The second byte: ECDSA P-256 with SHA-256. */
export const INDICIUM_ALGORITHM = 0x50;

/** In the order of their bits, lowest first. */
export const indiciumFlags = [
  'redate',
  'correction',
  'reprint',
  'test',
  'certificateService',
] as const;
export type IndiciumFlags = Readonly<Record<(typeof indiciumFlags)[number], boolean>>;

/** What is signed. The registers are those after the debit. */
export interface IndiciumFields {
  /** Serial of the compact certificate of the indicium key. */
  readonly certificateSerial: number;
  readonly meterId: Uint8Array;
  readonly ascending: Mills;
  readonly postage: Mills;
  /** YYYYMMDD */
  readonly mailingDate: number;
  readonly originZip: number;
  /** ZIP, ZIP+4 or ZIP+4 with delivery point as a number; 0 for none. */
  readonly destination: number;
  /** Six bytes of the software that made it. */
  readonly softwareId: Uint8Array;
  readonly descending: Mills;
  /** Version of the rate table. */
  readonly rateCategory: number;
  /** Pieces so far, this one counted. */
  readonly pieceCount: number;
  /** Service of the rate table. */
  readonly serviceId: number;
  readonly flags: IndiciumFlags;
  /** Key id of the indicium key. */
  readonly keyId: Uint8Array;
}

/** As read from a symbol. */
export interface Indicium extends IndiciumFields {
  readonly version: typeof INDICIUM_VERSION;
  readonly algorithm: typeof INDICIUM_ALGORITHM;
  readonly signature: Uint8Array;
}

/** The signed fields in order, for the specification too. */
export const indiciumFieldLayouts = {
  version: exactly(INDICIUM_VERSION),
  algorithm: exactly(INDICIUM_ALGORITHM),
  certificateSerial: u32,
  meterId,
  ascending: mills40,
  postage: mills24,
  mailingDate: date,
  originZip: zip,
  destination,
  softwareId: bytes(6),
  descending: mills32,
  rateCategory: u32,
  pieceCount: u32,
  serviceId: u16,
  flags: flags(indiciumFlags),
  keyId: keyIdField,
};

/** The ascending register has just been charged with the postage. */
const isPossible = ({ ascending, postage }: { ascending: Mills; postage: Mills }): boolean =>
  ascending >= postage;
const coreLayout = checked(P.struct(indiciumFieldLayouts), 'possible', isPossible);
const indiciumLayout = checked(
  P.struct({ ...indiciumFieldLayouts, signature: bytes(SIGNATURE_SIZE) }),
  'possible',
  isPossible,
);

/**
 * The 64 bytes to be signed.
 * @throws Error where a field does not fit its layout: a bug of the caller
 */
export function indiciumCore(fields: IndiciumFields): Uint8Array {
  return coreLayout.encode({
    ...fields,
    version: INDICIUM_VERSION,
    algorithm: INDICIUM_ALGORITHM,
  });
}

/** @param core 64 bytes @param signature 64 bytes r ‖ s */
export function joinIndicium(core: Uint8Array, signature: Uint8Array): Uint8Array {
  return joinBytes(core, signature);
}

/** The fields, whoever signed them. Refusal: `documentMalformed`. */
export function readIndicium(indicium: Uint8Array): Result<Indicium> {
  return decodeDocument(indiciumLayout, indicium);
}

/**
 * Checks an indicium against the certificate it names, which the caller has verified.
 *
 * The date of mailing may lie up to 30 days behind the last day of the certificate, since an indicium made on that day
 * may be dated so far ahead (domain.md R31).
 *
 * Refusals: `documentMalformed` · `documentMismatch` a certificate of another serial, key or usage ·
 * `documentForOtherMeter` · `signatureInvalid` · `documentNotValidNow` dated outside the validity of the certificate.
 */
export function verifyIndicium(
  crypto: Crypto,
  indicium: Uint8Array,
  certificate: CompactCertificate,
): Result<Indicium> {
  const result = readIndicium(indicium);
  if (!result.ok) return result;
  const { certificateSerial, keyId: named, meterId: meter, mailingDate } = result.value;
  if (
    certificate.usage !== 'indicium' ||
    certificate.serial !== certificateSerial ||
    !equalBytes(named, keyId(crypto, certificate.publicKey))
  )
    return refuse('documentMismatch');
  if (!equalBytes(meter, certificate.subject)) return refuse('documentForOtherMeter');
  if (!hasSignature(crypto, certificate.publicKey, indicium)) return refuse('signatureInvalid');
  if (
    mailingDate < certificate.validFrom ||
    daysBetween(certificate.validTo, mailingDate) > MAILING_DAYS_AHEAD_MAX
  )
    return refuse('documentNotValidNow');
  return result;
}
