/**
 * The two documents of an inspection: what the meter reports of itself, and the authority's acknowledgement, which lets it
 * go on and frees the part of its security log that has arrived (requirements.md A8, A9, G6; domain.md R24, R25).
 */

import { equalBytes } from '../bytes.ts';
import { type Registers, registersLayout } from '../command-layouts.ts';
import type { Crypto, KeyPair } from '../crypto.ts';
import { bytes, flags, oneOf, u8, u32, u48 } from '../fields.ts';
import { type Result, refuse } from '../result.ts';
import { type LifeCycleName, type LockName, lifeCycleNames, lockNames } from '../state.ts';
import { meterId } from './document-fields.ts';
import { type Issued, issuedDocument, signedDocument } from './signed-document.ts';

export interface InspectionReport {
  readonly meterId: Uint8Array;
  /** Sixteen bytes of whoever inspects: the report was made after they were known. */
  readonly challenge: Uint8Array;
  /** Secure clock, milliseconds since 1970-01-01 UTC; 0 where it is not trusted. */
  readonly timeMs: number;
  readonly lifeCycle: LifeCycleName;
  /** What keeps it from producing value now. */
  readonly locks: Readonly<Record<LockName, boolean>>;
  /** major << 16 | minor << 8 | patch */
  readonly imageVersion: number;
  /** SHA-256 of the image, as the command `version` gives it. */
  readonly imageDigest: Uint8Array;
  /** As they are, even where they contradict each other: that is what an inspection looks for. */
  readonly registers: Registers;
  /** Number of the last journal record. */
  readonly journalSequence: number;
  /** First sixteen bytes of the digest over every state that the meter was in. */
  readonly auditHead: Uint8Array;
  /** Records of the security log so far, and the digest that they have reached. */
  readonly logCount: number;
  readonly logHead: Uint8Array;
  /** How many of them the authority has acknowledged. */
  readonly logAcknowledged: number;
  /** How often it was switched on. */
  readonly powerCount: number;
  /** Wrong passwords since the last right one. */
  readonly userTries: number;
  readonly officerTries: number;
  /** When it was last inspected or refilled, and when its clock was last set; 0 where never. */
  readonly contactMs: number;
  readonly clockSetMs: number;
  /** Of the last order that it took, and of its licence; 0 where none. */
  readonly lockSequence: number;
  readonly licenceSequence: number;
  /** Of the newest table that it holds; 0 where none. */
  readonly rateVersion: number;
}

export const inspectionReportDocument = signedDocument<InspectionReport>('TIR1', {
  meterId,
  challenge: bytes(16),
  timeMs: u48,
  lifeCycle: oneOf(lifeCycleNames),
  locks: flags(lockNames),
  imageVersion: u32,
  imageDigest: bytes(32),
  registers: registersLayout,
  journalSequence: u48,
  auditHead: bytes(16),
  logCount: u32,
  logHead: bytes(16),
  logAcknowledged: u32,
  powerCount: u32,
  userTries: u8,
  officerTries: u8,
  contactMs: u48,
  clockSetMs: u48,
  lockSequence: u32,
  licenceSequence: u32,
  rateVersion: u32,
});

/** @throws Error where a field does not fit: a bug of the caller */
export function signInspectionReport(
  crypto: Crypto,
  deviceKey: Uint8Array,
  fields: InspectionReport,
): Uint8Array {
  return inspectionReportDocument.sign(crypto, deviceKey, fields);
}

/** The fields, whoever signed them. Refusal: `documentMalformed`. */
export function readInspectionReport(bytes: Uint8Array): Result<InspectionReport> {
  return inspectionReportDocument.read(bytes);
}

/**
 * Refusals: `documentMalformed` · `signatureInvalid` · `documentForOtherMeter` · `documentMismatch` made for another
 * challenge.
 */
export function verifyInspectionReport(
  crypto: Crypto,
  deviceKey: Uint8Array,
  bytes: Uint8Array,
  asked: { readonly meterId: Uint8Array; readonly challenge: Uint8Array },
): Result<InspectionReport> {
  const report = inspectionReportDocument.verify(crypto, deviceKey, bytes);
  if (!report.ok) return report;
  if (!equalBytes(report.value.meterId, asked.meterId)) return refuse('documentForOtherMeter');
  if (!equalBytes(report.value.challenge, asked.challenge)) return refuse('documentMismatch');
  return report;
}

export interface AcknowledgementFields {
  readonly meterId: Uint8Array;
  /** Of the report that it answers. */
  readonly challenge: Uint8Array;
  /** How many records of the security log the authority holds, and the digest that they reached. */
  readonly logCount: number;
  readonly logHead: Uint8Array;
  /** Clock of the authority, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
}
export type Acknowledgement = Issued<AcknowledgementFields>;

export const acknowledgementDocument = issuedDocument<AcknowledgementFields>('TIA1', {
  meterId,
  challenge: bytes(16),
  logCount: u32,
  logHead: bytes(16),
  timeMs: u48,
});

/** @throws Error where a field does not fit: a bug of the caller */
export function issueAcknowledgement(
  crypto: Crypto,
  authority: KeyPair,
  fields: AcknowledgementFields,
): Uint8Array {
  return acknowledgementDocument.issue(crypto, authority, fields);
}

/** Refusals: `documentMalformed` · `signatureInvalid` · `documentForOtherMeter` · `challengeUnknown`. */
export function verifyAcknowledgement(
  crypto: Crypto,
  authorityKey: Uint8Array,
  bytes: Uint8Array,
  asked: { readonly meterId: Uint8Array; readonly challenge: Uint8Array | undefined },
): Result<Acknowledgement> {
  const read = acknowledgementDocument.verify(crypto, authorityKey, bytes);
  if (!read.ok) return read;
  if (!equalBytes(read.value.meterId, asked.meterId)) return refuse('documentForOtherMeter');
  if (asked.challenge === undefined || !equalBytes(read.value.challenge, asked.challenge))
    return refuse('challengeUnknown');
  return read;
}
