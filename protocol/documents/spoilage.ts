/**
 * The two documents by which spoiled postage comes back: the provider's request for pieces that were charged and not mailed,
 * and the authority's verdict, which issues their value to the provider's pool (requirements.md B7; domain.md R20, R21).
 */

import { equalBytes } from '../bytes.ts';
import type { Crypto, KeyPair } from '../crypto.ts';
import { bytes, listOf, mills48, oneOf, u8, u32, u48 } from '../fields.ts';
import type { Mills } from '../mills.ts';
import { ok, type Result, refuse } from '../result.ts';
import { meterId } from './document-fields.ts';
import { INDICIUM_SIZE } from './indicium.ts';
import { type Issued, issuedDocument, signedDocument } from './signed-document.ts';
import { VALUE_REQUEST_ID_SIZE } from './value.ts';

/** The most pieces in one request. */
export const SPOILED_PIECES_MAX = 32;

/** Why a piece was not mailed. */
export const spoilageReasons = [
  'misprint',
  'damaged',
  'wrongAmount',
  'wrongAddress',
  'notMailed',
  'other',
] as const;
export type SpoilageReason = (typeof spoilageReasons)[number];

/** What the authority says of a piece: `refunded`, or why not. */
export const spoilageVerdicts = [
  'refunded',
  'unreadable',
  'signatureInvalid',
  'otherMeter',
  'noValue',
  /** It was seen in the mail, or one that redates it was. */
  'scanned',
  'refundedBefore',
  /** More than the licence lets come back, earlier ones counted. */
  'aboveCap',
  'meterWithdrawn',
] as const;
export type SpoilageVerdict = (typeof spoilageVerdicts)[number];

export interface SpoilageRequest {
  readonly providerId: number;
  /** Chosen by the provider; the same request carries the same one. */
  readonly requestId: Uint8Array;
  readonly meterId: Uint8Array;
  readonly reason: SpoilageReason;
  /** The ascending register as the meter has told the provider last. */
  readonly ascending: Mills;
  /** 128 bytes each, at least one. */
  readonly indicia: readonly Uint8Array[];
  /** Clock of the provider, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
}

export interface SpoilageAnswerFields {
  readonly providerId: number;
  /** As in the request. */
  readonly requestId: Uint8Array;
  readonly meterId: Uint8Array;
  /** One for each piece of the request, in its order. */
  readonly verdicts: readonly SpoilageVerdict[];
  /** The postage of the refunded ones: issued to the provider's pool, for this meter alone. */
  readonly amount: Mills;
  /** Number of this issue to this provider, or of the last one where nothing is issued. */
  readonly sequence: number;
  /** Everything issued to this provider so far, this one counted. */
  readonly issuedTotal: Mills;
  /** Clock of the authority, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
}
export type SpoilageAnswer = Issued<SpoilageAnswerFields>;

export const spoilageRequestDocument = signedDocument<SpoilageRequest>(
  'TSQ1',
  {
    providerId: u32,
    requestId: bytes(VALUE_REQUEST_ID_SIZE),
    meterId,
    reason: oneOf(spoilageReasons),
    ascending: mills48,
    indicia: listOf(u8, bytes(INDICIUM_SIZE)),
    timeMs: u48,
  },
  ({ indicia }) => indicia.length > 0 && indicia.length <= SPOILED_PIECES_MAX,
);

export const spoilageAnswerDocument = issuedDocument<SpoilageAnswerFields>(
  'TSV1',
  {
    providerId: u32,
    requestId: bytes(VALUE_REQUEST_ID_SIZE),
    meterId,
    verdicts: listOf(u8, oneOf(spoilageVerdicts)),
    amount: mills48,
    sequence: u32,
    issuedTotal: mills48,
    timeMs: u48,
  },
  ({ amount, issuedTotal, verdicts }) =>
    amount <= issuedTotal && amount > 0 === verdicts.includes('refunded'),
);

/** @throws Error where a field does not fit: a bug of the caller */
export function signSpoilageRequest(
  crypto: Crypto,
  providerKey: Uint8Array,
  fields: SpoilageRequest,
): Uint8Array {
  return spoilageRequestDocument.sign(crypto, providerKey, fields);
}

/** @throws Error where a field does not fit: a bug of the caller */
export function issueSpoilageAnswer(
  crypto: Crypto,
  authority: KeyPair,
  fields: SpoilageAnswerFields,
): Uint8Array {
  return spoilageAnswerDocument.issue(crypto, authority, fields);
}

/** Refusals: `documentMalformed` · `signatureInvalid` · `documentMismatch` where it answers another request. */
export function verifySpoilageAnswer(
  crypto: Crypto,
  authorityKey: Uint8Array,
  answer: Uint8Array,
  asked: SpoilageRequest,
): Result<SpoilageAnswer> {
  const read = spoilageAnswerDocument.verify(crypto, authorityKey, answer);
  if (!read.ok) return read;
  const { providerId, requestId, verdicts } = read.value;
  const answersIt =
    providerId === asked.providerId &&
    equalBytes(requestId, asked.requestId) &&
    equalBytes(read.value.meterId, asked.meterId) &&
    verdicts.length === asked.indicia.length;
  return answersIt ? ok(read.value) : refuse('documentMismatch');
}
