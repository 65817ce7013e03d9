/** The signed report of a meter at an inspection (requirements.md A9). */

import { equalBytes } from '../bytes.ts';
import { type Registers, registersLayout } from '../command.ts';
import type { Crypto } from '../crypto.ts';
import { bytes, oneOf, u16, u32, u48 } from '../fields.ts';
import { type Result, refuse } from '../result.ts';
import { type LifeCycleName, lifeCycleNames, type StateName, stateNames } from '../state.ts';
import { meterId } from './document-fields.ts';
import { signedDocument } from './signed-document.ts';

export interface StatusReport {
  readonly meterId: Uint8Array;
  /** Sixteen bytes of whoever inspects: the report was made after they were known. */
  readonly challenge: Uint8Array;
  /** Secure clock, milliseconds since 1970-01-01 UTC; 0 where it is not trusted. */
  readonly timeMs: number;
  readonly state: StateName;
  readonly lifeCycle: LifeCycleName;
  /** Status number of a fault; 0 where there is none, which is always so while a meter can sign. */
  readonly fault: number;
  /** major << 16 | minor << 8 | patch */
  readonly imageVersion: number;
  /** SHA-256 of the image, as the command `version` gives it. */
  readonly imageDigest: Uint8Array;
  /** As they are, even where they contradict each other: that is what an inspection looks for. */
  readonly registers: Registers;
  /** Number of the last journal record. */
  readonly journalSequence: number;
  /** First sixteen bytes of the digest that the event log has reached. */
  readonly auditHead: Uint8Array;
}

export const statusReportDocument = signedDocument<StatusReport>('TSR1', {
  meterId,
  challenge: bytes(16),
  timeMs: u48,
  state: oneOf(stateNames),
  lifeCycle: oneOf(lifeCycleNames),
  fault: u16,
  imageVersion: u32,
  imageDigest: bytes(32),
  registers: registersLayout,
  journalSequence: u48,
  auditHead: bytes(16),
});

/** @throws Error where a field does not fit: a bug of the caller */
export function signStatusReport(
  crypto: Crypto,
  deviceKey: Uint8Array,
  fields: StatusReport,
): Uint8Array {
  return statusReportDocument.sign(crypto, deviceKey, fields);
}

/** The fields, whoever signed them. Refusal: `documentMalformed`. */
export function readStatusReport(bytes: Uint8Array): Result<StatusReport> {
  return statusReportDocument.read(bytes);
}

/**
 * Refusals: `documentMalformed` · `signatureInvalid` · `documentForOtherMeter` · `documentMismatch` made for another
 * challenge.
 */
export function verifyStatusReport(
  crypto: Crypto,
  deviceKey: Uint8Array,
  bytes: Uint8Array,
  asked: { readonly meterId: Uint8Array; readonly challenge: Uint8Array },
): Result<StatusReport> {
  const report = statusReportDocument.verify(crypto, deviceKey, bytes);
  if (!report.ok) return report;
  if (!equalBytes(report.value.meterId, asked.meterId)) return refuse('documentForOtherMeter');
  if (!equalBytes(report.value.challenge, asked.challenge)) return refuse('documentMismatch');
  return report;
}
