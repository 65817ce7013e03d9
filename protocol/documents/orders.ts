/**
 * What the authority orders from afar: a meter to be locked, unlocked or revoked, and its clock to be set (requirements.md
 * A8, G9; domain.md R24-R27).
 */

import { equalBytes } from '../bytes.ts';
import type { Crypto, KeyPair } from '../crypto.ts';
import { bytes, oneOf, u32, u48 } from '../fields.ts';
import { type Result, refuse } from '../result.ts';
import { type LockReasonName, lockReasonNames } from '../state.ts';
import { meterId } from './document-fields.ts';
import { keyId } from './key-id.ts';
import { type Issued, issuedDocument } from './signed-document.ts';

/** `revoke` is for ever. */
export const lockActions = ['lock', 'unlock', 'revoke'] as const;
export type LockAction = (typeof lockActions)[number];

export interface LockOrderFields {
  readonly meterId: Uint8Array;
  /** Grows with every order to the same meter; a meter takes none that is not later than its last. */
  readonly sequence: number;
  readonly action: LockAction;
  readonly reason: LockReasonName;
  /** Clock of the authority, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
}
export type LockOrder = Issued<LockOrderFields>;

export const lockOrderDocument = issuedDocument<LockOrderFields>('TLO1', {
  meterId,
  sequence: u32,
  action: oneOf(lockActions),
  reason: oneOf(lockReasonNames),
  timeMs: u48,
});

/** @throws Error where a field does not fit: a bug of the caller */
export function issueLockOrder(
  crypto: Crypto,
  authority: KeyPair,
  fields: LockOrderFields,
): Uint8Array {
  return lockOrderDocument.issue(crypto, authority, fields);
}

/** Refusals: `documentMalformed` · `signatureInvalid` · `documentForOtherMeter`. */
export function verifyLockOrder(
  crypto: Crypto,
  authorityKey: Uint8Array,
  bytes: Uint8Array,
  meter: Uint8Array,
): Result<LockOrder> {
  const read = lockOrderDocument.verify(crypto, authorityKey, bytes);
  if (!read.ok) return read;
  return equalBytes(read.value.meterId, meter) ? read : refuse('documentForOtherMeter');
}

export interface ClockSettingFields {
  readonly meterId: Uint8Array;
  /** Sixteen bytes that the meter drew: the time was told after they were known. */
  readonly challenge: Uint8Array;
  /** The time, milliseconds since 1970-01-01 UTC; never 0. */
  readonly timeMs: number;
}
export type ClockSetting = Issued<ClockSettingFields>;

/** Signed by the authority, or by the provider of the licence. */
export const clockSettingDocument = issuedDocument<ClockSettingFields>(
  'TCS1',
  { meterId, challenge: bytes(16), timeMs: u48 },
  ({ timeMs }) => timeMs > 0,
);

/** @throws Error where a field does not fit: a bug of the caller */
export function issueClockSetting(
  crypto: Crypto,
  issuer: KeyPair,
  fields: ClockSettingFields,
): Uint8Array {
  return clockSettingDocument.issue(crypto, issuer, fields);
}

/**
 * @param issuers the keys that may set the clock
 * Refusals: `documentMalformed` · `signatureInvalid` · `documentForOtherMeter` · `challengeUnknown`.
 */
export function verifyClockSetting(
  crypto: Crypto,
  issuers: readonly Uint8Array[],
  document: Uint8Array,
  asked: { readonly meterId: Uint8Array; readonly challenge: Uint8Array | undefined },
): Result<ClockSetting> {
  const claimed = clockSettingDocument.read(document);
  if (!claimed.ok) return claimed;
  const { issuerKeyId } = claimed.value;
  const issuer = issuers.find((key) => equalBytes(keyId(crypto, key), issuerKeyId));
  if (issuer === undefined) return refuse('signatureInvalid');
  const read = clockSettingDocument.verify(crypto, issuer, document);
  if (!read.ok) return read;
  if (!equalBytes(read.value.meterId, asked.meterId)) return refuse('documentForOtherMeter');
  if (asked.challenge === undefined || !equalBytes(read.value.challenge, asked.challenge))
    return refuse('challengeUnknown');
  return read;
}
