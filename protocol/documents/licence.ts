/**
 * The licence of a meter: where it may mail from, how it pays, its limits, and who may refill it (requirements.md G1, B1,
 * B2, A8; domain.md R7, R14, R24, R29).
 */

import type { Crypto, KeyPair } from '../crypto.ts';
import { listOf, mills24, mills48, oneOf, u8, u16, u32 } from '../fields.ts';
import type { Mills } from '../mills.ts';
import type { Result } from '../result.ts';
import { type AccountKindName, accountKindNames } from '../state.ts';
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
  readonly issueDate: number;
  /** Last day on which value is produced, YYYYMMDD. */
  readonly validTo: number;
  readonly accountKind: AccountKindName;
  /**
   * The most the descending register may hold; of a current account, the most that may be unsettled. At most
   * {@link DESCENDING_MAX}, since an indicium tells the descending register in 32 bits.
   */
  readonly descendingMax: Mills;
  /** The most the certificate register may hold; 0 where the accounts are not separate. */
  readonly certificateDescendingMax: Mills;
  readonly postageMin: Mills;
  readonly postageMax: Mills;
  /** From this postage on the host must say that it is meant; 0 for never. */
  readonly highValue: Mills;
  readonly refillMin: Mills;
  readonly refillMax: Mills;
  /** A refill is a multiple of this; 0 for any amount. */
  readonly refillMultiple: Mills;
  /** Below it, the meter warns. */
  readonly lowFunds: Mills;
  /** Postage of one day, UTC; 0 for no limit. */
  readonly dayAmountMax: Mills;
  /** Pieces of one day, UTC; 0 for no limit. */
  readonly dayPiecesMax: number;
  /** Hours after the last inspection or refill, when the meter begins to warn. */
  readonly inspectionWarnHours: number;
  /** Hours after the last inspection or refill, when it locks. */
  readonly inspectionLockHours: number;
  /** How much of the ascending register may come back for spoilage in all: hundredths of a percent. */
  readonly spoilageCap: number;
  /** The services it may use, ascending; none for all. */
  readonly services: readonly number[];
}
export type Licence = Issued<LicenceFields>;

/** Mills; what the descending register of an indicium can hold. */
export const DESCENDING_MAX = 0xffff_ffff;
/** Hundredths of a percent in the whole. */
export const SPOILAGE_CAP_WHOLE = 10_000;

/** The most that may come back for spoilage in all: R20, with a product that 53 bits hold. @param cap hundredths of a percent */
export function spoilageMax(ascending: number, cap: number): number {
  const whole = Math.floor(ascending / SPOILAGE_CAP_WHOLE) * cap;
  return whole + Math.floor(((ascending % SPOILAGE_CAP_WHOLE) * cap) / SPOILAGE_CAP_WHOLE);
}

/** Inspection profiles in use (domain.md R24), hours. */
export const inspectionProfiles = {
  quarter: { inspectionWarnHours: 90 * 24, inspectionLockHours: 120 * 24 },
  month: { inspectionWarnHours: 21 * 24, inspectionLockHours: 28 * 24 },
  threeDays: { inspectionWarnHours: 48, inspectionLockHours: 72 },
} as const satisfies Record<
  string,
  Pick<LicenceFields, 'inspectionWarnHours' | 'inspectionLockHours'>
>;

/** A licence without special limits: 1 % of spoilage, a quarter between inspections, one account for each. */
export const ordinaryTerms = {
  accountKind: 'separate',
  highValue: 0 as Mills,
  refillMin: 1 as Mills,
  refillMax: DESCENDING_MAX as Mills,
  refillMultiple: 0 as Mills,
  lowFunds: 0 as Mills,
  dayAmountMax: 0 as Mills,
  dayPiecesMax: 0,
  ...inspectionProfiles.quarter,
  spoilageCap: 100,
  services: [],
} as const satisfies Partial<LicenceFields>;

export const licenceDocument = issuedDocument<LicenceFields>(
  'TLI2',
  {
    meterId,
    sequence: u32,
    licenceNumber: u32,
    originZip: zip,
    providerId: u32,
    providerKey: publicKey,
    issueDate: date,
    validTo: date,
    accountKind: oneOf(accountKindNames),
    descendingMax: mills48,
    certificateDescendingMax: mills48,
    postageMin: mills24,
    postageMax: mills24,
    highValue: mills24,
    refillMin: mills48,
    refillMax: mills48,
    refillMultiple: mills48,
    lowFunds: mills48,
    dayAmountMax: mills48,
    dayPiecesMax: u32,
    inspectionWarnHours: u16,
    inspectionLockHours: u16,
    spoilageCap: u16,
    services: listOf(u8, u16),
  },
  isLicence,
);

/** Whether the terms agree with each other. */
export function isLicence(licence: LicenceFields): boolean {
  const { accountKind, services } = licence;
  return (
    licence.issueDate <= licence.validTo &&
    licence.descendingMax <= DESCENDING_MAX &&
    (accountKind === 'separate' || licence.certificateDescendingMax === 0) &&
    licence.postageMin <= licence.postageMax &&
    licence.refillMin <= licence.refillMax &&
    licence.inspectionWarnHours <= licence.inspectionLockHours &&
    licence.inspectionLockHours > 0 &&
    licence.spoilageCap <= SPOILAGE_CAP_WHOLE &&
    services.every((id, place) => place === 0 || id > (services[place - 1] as number))
  );
}

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
