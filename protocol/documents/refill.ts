/**
 * The two documents of a refill: the meter's request and the provider's authorisation (requirements.md B6, B7; domain.md
 * R12-R16, R20). What moves value into a meter, for whatever reason, is a refill.
 */

import { equalBytes } from '../bytes.ts';
import type { Crypto } from '../crypto.ts';
import { bytes, mills48, oneOf, u32, u48 } from '../fields.ts';
import type { Mills } from '../mills.ts';
import { ok, type Result, refuse } from '../result.ts';
import { type AccountName, accountNames } from '../state.ts';
import { meterId, oneOf16 } from './document-fields.ts';
import { signedDocument } from './signed-document.ts';

/**
 * Why value goes to a meter. `purchase`: it is bought · `spoilage`: postage that was spoiled comes back · `settlement`: none
 * goes there, what a current account has spent is paid.
 */
export const refillKinds = ['purchase', 'spoilage', 'settlement'] as const;
export type RefillKind = (typeof refillKinds)[number];

export interface RefillRequest {
  readonly meterId: Uint8Array;
  /** Number of this refill; the same for as long as it is pending. */
  readonly sequence: number;
  /** Eight random bytes that bind the answer to this request. */
  readonly nonce: Uint8Array;
  readonly kind: RefillKind;
  /** The account that is meant; the registers are those of it. */
  readonly account: AccountName;
  /** What is wanted; never 0. */
  readonly amount: Mills;
  readonly ascending: Mills;
  readonly descending: Mills;
  readonly pieceCount: number;
  /** Secure clock, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
}

/** Why the provider grants what it grants. */
export const refillReasons = [
  'ok',
  'insufficientAccountFunds',
  'accountClosed',
  'poolEmpty',
  'notApproved',
] as const;
export type RefillReason = (typeof refillReasons)[number];

export interface RefillAuthorisation {
  readonly meterId: Uint8Array;
  readonly sequence: number;
  readonly nonce: Uint8Array;
  readonly kind: RefillKind;
  readonly account: AccountName;
  /** What is credited: the amount requested where the reason is `ok`, otherwise 0, which ends the pending refill. */
  readonly amount: Mills;
  readonly requestedAmount: Mills;
  /** Registers as in the request. */
  readonly ascending: Mills;
  readonly descending: Mills;
  readonly reason: RefillReason;
  /** What could be had now (domain.md R16). */
  readonly available: Mills;
  /** Clock of the provider, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
}

export const refillRequestDocument = signedDocument<RefillRequest>(
  'TRQ2',
  {
    meterId,
    sequence: u32,
    nonce: bytes(8),
    kind: oneOf(refillKinds),
    account: oneOf(accountNames),
    amount: mills48,
    ascending: mills48,
    descending: mills48,
    pieceCount: u32,
    timeMs: u48,
  },
  ({ amount }) => amount > 0,
);

export const refillAuthorisationDocument = signedDocument<RefillAuthorisation>(
  'TRA2',
  {
    meterId,
    sequence: u32,
    nonce: bytes(8),
    kind: oneOf(refillKinds),
    account: oneOf(accountNames),
    amount: mills48,
    requestedAmount: mills48,
    ascending: mills48,
    descending: mills48,
    reason: oneOf16(refillReasons),
    available: mills48,
    timeMs: u48,
  },
  ({ amount, requestedAmount, reason }) =>
    requestedAmount > 0 && amount === (reason === 'ok' ? requestedAmount : 0),
);

/** @throws Error where a field does not fit: a bug of the caller */
export function signRefillRequest(
  crypto: Crypto,
  deviceKey: Uint8Array,
  fields: RefillRequest,
): Uint8Array {
  return refillRequestDocument.sign(crypto, deviceKey, fields);
}

/** The fields, whoever signed them: the provider finds the meter by them. Refusal: `documentMalformed`. */
export function readRefillRequest(bytes: Uint8Array): Result<RefillRequest> {
  return refillRequestDocument.read(bytes);
}

/** Refusals: `documentMalformed`, `signatureInvalid`. */
export function verifyRefillRequest(
  crypto: Crypto,
  deviceKey: Uint8Array,
  bytes: Uint8Array,
): Result<RefillRequest> {
  return refillRequestDocument.verify(crypto, deviceKey, bytes);
}

/** @throws Error where a field does not fit: a bug of the caller */
export function signRefillAuthorisation(
  crypto: Crypto,
  providerKey: Uint8Array,
  fields: RefillAuthorisation,
): Uint8Array {
  return refillAuthorisationDocument.sign(crypto, providerKey, fields);
}

/** The fields, whoever signed them. Refusal: `documentMalformed`. */
export function readRefillAuthorisation(bytes: Uint8Array): Result<RefillAuthorisation> {
  return refillAuthorisationDocument.read(bytes);
}

/** Refusals: `documentMalformed`, `signatureInvalid`. */
export function verifyRefillAuthorisation(
  crypto: Crypto,
  providerKey: Uint8Array,
  bytes: Uint8Array,
): Result<RefillAuthorisation> {
  return refillAuthorisationDocument.verify(crypto, providerKey, bytes);
}

/** What a meter must remember of its request to know the answer again. */
export interface PendingRefill
  extends Pick<RefillRequest, 'meterId' | 'sequence' | 'nonce' | 'kind' | 'account' | 'amount'> {
  /**
   * Ascending + descending (domain.md R13). Printing while the answer is under way moves the registers, but not their sum;
   * with a current account, which a settlement is for, the sum grows.
   */
  readonly controlSum: number;
}

function isSumRight(
  { ascending, descending }: RefillAuthorisation,
  pending: PendingRefill,
): boolean {
  const sum = ascending + descending;
  return pending.kind === 'settlement' ? sum <= pending.controlSum : sum === pending.controlSum;
}

/**
 * Whether an authorisation, its signature verified, answers a request.
 * Refusals: `documentForOtherMeter`, `documentMismatch`.
 */
export function matchRefill(
  authorisation: RefillAuthorisation,
  pending: PendingRefill,
): Result<RefillAuthorisation> {
  if (!equalBytes(authorisation.meterId, pending.meterId)) return refuse('documentForOtherMeter');
  const answersIt =
    authorisation.sequence === pending.sequence &&
    equalBytes(authorisation.nonce, pending.nonce) &&
    authorisation.kind === pending.kind &&
    authorisation.account === pending.account &&
    authorisation.requestedAmount === pending.amount &&
    isSumRight(authorisation, pending);
  return answersIt ? ok(authorisation) : refuse('documentMismatch');
}
