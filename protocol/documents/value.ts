/** The two documents by which a provider's pool is filled: its request and the authority's value issue (requirements.md G3). */

import type { Crypto, KeyPair } from '../crypto.ts';
import { bytes, mills48, u32, u48 } from '../fields.ts';
import type { Mills } from '../mills.ts';
import type { Result } from '../result.ts';
import { type Issued, issuedDocument, signedDocument } from './signed-document.ts';

/** Bytes of the id by which a request for value is answered once. */
export const VALUE_REQUEST_ID_SIZE = 16;

export interface ValueRequest {
  readonly providerId: number;
  /** Chosen by the provider; the same request carries the same one. */
  readonly requestId: Uint8Array;
  /** What is wanted; never 0. */
  readonly amount: Mills;
  /** Clock of the provider, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
}

export interface ValueIssueFields {
  readonly providerId: number;
  /** As in the request. */
  readonly requestId: Uint8Array;
  readonly amount: Mills;
  /** Number of this issue to this provider, from 1. */
  readonly sequence: number;
  /** Everything issued to this provider so far, this one counted. */
  readonly issuedTotal: Mills;
  /** Clock of the authority, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
}
export type ValueIssue = Issued<ValueIssueFields>;

export const valueRequestDocument = signedDocument<ValueRequest>(
  'TVQ1',
  { providerId: u32, requestId: bytes(VALUE_REQUEST_ID_SIZE), amount: mills48, timeMs: u48 },
  ({ amount }) => amount > 0,
);

export const valueIssueDocument = issuedDocument<ValueIssueFields>(
  'TVI1',
  {
    providerId: u32,
    requestId: bytes(VALUE_REQUEST_ID_SIZE),
    amount: mills48,
    sequence: u32,
    issuedTotal: mills48,
    timeMs: u48,
  },
  ({ amount, issuedTotal }) => amount > 0 && amount <= issuedTotal,
);

/** @throws Error where a field does not fit: a bug of the caller */
export function signValueRequest(
  crypto: Crypto,
  providerKey: Uint8Array,
  fields: ValueRequest,
): Uint8Array {
  return valueRequestDocument.sign(crypto, providerKey, fields);
}

/** The fields, whoever signed them: the authority finds the provider by them. Refusal: `documentMalformed`. */
export function readValueRequest(request: Uint8Array): Result<ValueRequest> {
  return valueRequestDocument.read(request);
}

/** Refusals: `documentMalformed`, `signatureInvalid`. */
export function verifyValueRequest(
  crypto: Crypto,
  providerKey: Uint8Array,
  request: Uint8Array,
): Result<ValueRequest> {
  return valueRequestDocument.verify(crypto, providerKey, request);
}

/** @throws Error where a field does not fit: a bug of the caller */
export function issueValue(
  crypto: Crypto,
  authority: KeyPair,
  fields: ValueIssueFields,
): Uint8Array {
  return valueIssueDocument.issue(crypto, authority, fields);
}

/** Refusals: `documentMalformed`, `signatureInvalid`. */
export function verifyValueIssue(
  crypto: Crypto,
  authorityKey: Uint8Array,
  issue: Uint8Array,
): Result<ValueIssue> {
  return valueIssueDocument.verify(crypto, authorityKey, issue);
}
