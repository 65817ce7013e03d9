/**
 * Documents of a line of credit (requirements.md E1, E2; P figs. 7A to 9): the request, which a postmark stands on, the
 * certificate of the issuer, and the payment certificates that a meter makes of it.
 */

import * as P from 'micro-packed';
import { ascii, joinBytes } from '../bytes.ts';
import { bytes, bytes8, flags, mills40, oneOf, u32, u48 } from '../fields.ts';
import type { Mills } from '../mills.ts';
import { type Result, refuse } from '../result.ts';
import { checked, date, decodeDocument, meterId, publicKey } from './document-fields.ts';
import { type Issued, issuedDocument, signedDocument } from './signed-document.ts';
import { keyNumber } from './user-key.ts';

/** What credit may be spent on, lowest bit first (P fig. 7A, 716). */
export const creditUseNames = ['goods', 'services', 'travel', 'postage'] as const;
export type CreditUse = (typeof creditUseNames)[number];
export type CreditUses = Readonly<Record<CreditUse, boolean>>;

const creditUse = oneOf(creditUseNames);
const creditUses: P.CoderType<CreditUses> = checked(
  flags(creditUseNames),
  'a use at least',
  (uses) => creditUseNames.some((name) => uses[name]),
);

export const creditUsesOf = (...names: readonly CreditUse[]): CreditUses =>
  Object.fromEntries(
    creditUseNames.map((name) => [name, names.includes(name)]),
  ) as unknown as CreditUses;

/** Bytes of the name of a holder. */
const HOLDER_SIZE_MAX = 64;
const holder = checked(
  bytes8,
  'a name',
  (name) =>
    name.length > 0 &&
    name.length <= HOLDER_SIZE_MAX &&
    name.every((byte) => byte >= 0x20 && byte !== 0x7f),
);

/** Eight bytes that name an issuer: the subject of its compact certificate. */
const creditIssuer = bytes(8);

/** What a line has, and what is paid from it: 40 bits, since the journal keeps the rest beside each payment. */
const creditAmount = checked(mills40, 'an amount', (amount) => amount > 0);

export interface CreditRequest {
  /** UTF-8: a name or any other that is unique (P page 22, on 704). */
  readonly holder: Uint8Array;
  readonly meterId: Uint8Array;
  /** The key that will sign payments. */
  readonly keyNumber: number;
  readonly publicKey: Uint8Array;
  readonly amount: Mills;
  readonly uses: CreditUses;
}

const REQUEST_MAGIC = ascii('TCQ1');
const creditRequestFields = {
  holder,
  meterId,
  keyNumber,
  publicKey,
  amount: creditAmount,
  uses: creditUses,
};
const creditRequest: P.CoderType<CreditRequest> = P.struct(creditRequestFields);

/** Written by the host; what makes it the meter's is the postmark on it (P fig. 8, 802). @throws Error as documents do */
export const encodeCreditRequest = (fields: CreditRequest): Uint8Array =>
  joinBytes(REQUEST_MAGIC, creditRequest.encode(fields));

/** Refusal: `documentMalformed`. */
export function readCreditRequest(request: Uint8Array): Result<CreditRequest> {
  if (!REQUEST_MAGIC.every((byte, place) => request[place] === byte))
    return refuse('documentMalformed');
  return decodeDocument(creditRequest, request.subarray(REQUEST_MAGIC.length));
}

export interface CreditCertificateFields {
  readonly holder: Uint8Array;
  /** Unique for the issuer. */
  readonly serial: number;
  /** Of the key that signs payments. */
  readonly publicKey: Uint8Array;
  readonly issuer: Uint8Array;
  readonly amount: Mills;
  /** First and last day on which it may be paid from, YYYYMMDD. */
  readonly validFrom: number;
  readonly validTo: number;
  readonly uses: CreditUses;
}
export type CreditCertificate = Issued<CreditCertificateFields>;

/** The line-of-credit certificate (P fig. 7A), in its order. */
export const creditCertificateDocument = issuedDocument<CreditCertificateFields>(
  'TLC1',
  {
    holder,
    serial: u32,
    publicKey,
    issuer: creditIssuer,
    amount: creditAmount,
    validFrom: date,
    validTo: date,
    uses: creditUses,
  },
  ({ validFrom, validTo }) => validFrom <= validTo,
);

export interface Payment {
  /** Of the line-of-credit certificate. */
  readonly serial: number;
  readonly meterId: Uint8Array;
  /** SHA-256 of the line-of-credit certificate. */
  readonly creditDigest: Uint8Array;
  /** 0 of the first one, which tells that the line was taken (P fig. 8, 812). */
  readonly amount: Mills;
  /** What is left of the line. */
  readonly rest: Mills;
  /** Payments from this line so far, this one counted. */
  readonly number: number;
  readonly use: CreditUse;
  /** What the merchant knows the payment by: SHA-256 of the invoice, say. Zeros in the first one. */
  readonly merchant: Uint8Array;
  /** Secure clock, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
}

/** The payment certificate (P fig. 7B), signed by the holder's key in the meter. */
export const paymentDocument = signedDocument<Payment>(
  'TPC1',
  {
    serial: u32,
    meterId,
    creditDigest: bytes(32),
    amount: mills40,
    rest: mills40,
    number: u32,
    use: creditUse,
    merchant: bytes(32),
    timeMs: u48,
  },
  ({ amount, number }) => amount > 0 === number > 0,
);
