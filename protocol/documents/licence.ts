/** The licence of a meter: where it may mail from, its limits, and who may refill it (requirements.md G1; domain.md R7). */

import type { Crypto, KeyPair } from '../crypto.ts';
import { mills24, mills48, u32 } from '../fields.ts';
import type { Mills } from '../mills.ts';
import type { Result } from '../result.ts';
import { date, meterId, publicKey, zip } from './document-fields.ts';
import { type Issued, issuedDocument } from './signed-document.ts';

export interface LicenceFields {
  readonly meterId: Uint8Array;
  /** Grows with every licence of the same meter; a meter takes none that is not later than its own. */
  readonly sequence: number;
  readonly licenceNumber: number;
  /** ZIP that mail is posted at, five digits as a number. */
  readonly originZip: number;
  readonly providerId: number;
  /** The key that signs refill authorisations: 33 bytes. */
  readonly providerKey: Uint8Array;
  /** At most {@link DESCENDING_MAX}, since an indicium tells the descending register in 32 bits. */
  readonly descendingMax: Mills;
  readonly postageMin: Mills;
  readonly postageMax: Mills;
  readonly issueDate: number;
}
export type Licence = Issued<LicenceFields>;

/** Mills; what the descending register of an indicium can hold. */
export const DESCENDING_MAX = 0xffff_ffff;

export const licenceDocument = issuedDocument<LicenceFields>(
  'TLI1',
  {
    meterId,
    sequence: u32,
    licenceNumber: u32,
    originZip: zip,
    providerId: u32,
    providerKey: publicKey,
    descendingMax: mills48,
    postageMin: mills24,
    postageMax: mills24,
    issueDate: date,
  },
  ({ descendingMax, postageMin, postageMax }) =>
    descendingMax <= DESCENDING_MAX && postageMin <= postageMax,
);

/** @throws Error where a field does not fit: a bug of the caller */
export function issueLicence(
  crypto: Crypto,
  authority: KeyPair,
  fields: LicenceFields,
): Uint8Array {
  return licenceDocument.issue(crypto, authority, fields);
}

/**
 * Whether it is for this meter, and later than the one it has, is the caller's to check.
 * Refusals: `documentMalformed`, `signatureInvalid`.
 */
export function verifyLicence(
  crypto: Crypto,
  authorityKey: Uint8Array,
  bytes: Uint8Array,
): Result<Licence> {
  return licenceDocument.verify(crypto, authorityKey, bytes);
}
