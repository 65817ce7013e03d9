/** The provider's signed receipt of one transaction of a customer, with its number and time (requirements.md G5; domain.md R39). */

import type { Crypto, KeyPair } from '../crypto.ts';
import { bytes, mills48, oneOf, u16, u32, u48 } from '../fields.ts';
import type { Mills } from '../mills.ts';
import { METER_ID_SIZE } from './meter-id.ts';
import { issuedDocument } from './signed-document.ts';

/** Receipt numbers of a customer run from 1 to this and begin again at 1 (domain.md R39). */
export const RECEIPT_NUMBER_MAX = 10_000;

/**
 * `payment`: money paid in · `purchase`, `spoilage`, `settlement`: refills that were granted · `declined`: one that was not ·
 * `withdrawal`: what was left in a meter comes back to the account.
 */
export const transactionKinds = [
  'payment',
  'purchase',
  'spoilage',
  'settlement',
  'declined',
  'withdrawal',
] as const;
export type TransactionKind = (typeof transactionKinds)[number];

export interface ReceiptFields {
  readonly providerId: number;
  readonly customerId: number;
  /** 1 to 10,000, then 1 again. */
  readonly number: number;
  /** 1, 2, 3 ... among the transactions of the customer, without end. */
  readonly place: number;
  readonly kind: TransactionKind;
  /** What moved; 0 where nothing did. */
  readonly amount: Mills;
  /** What is on the account after it, and what is owed. */
  readonly balance: Mills;
  readonly owed: Mills;
  /** Zeros where no meter took part. */
  readonly meterId: Uint8Array;
  /** Clock of the provider, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
}

/** Signed by the provider. */
export const receiptDocument = issuedDocument<ReceiptFields>(
  'TRC1',
  {
    providerId: u32,
    customerId: u48,
    number: u16,
    place: u48,
    kind: oneOf(transactionKinds),
    amount: mills48,
    balance: mills48,
    owed: mills48,
    meterId: bytes(METER_ID_SIZE),
    timeMs: u48,
  },
  ({ number, place }) => number === receiptNumber(place),
);

/** @param place 1 for the first transaction of a customer, 2 for the second, without end */
export function receiptNumber(place: number): number {
  return ((place - 1) % RECEIPT_NUMBER_MAX) + 1;
}

/** @throws Error where a field does not fit: a bug of the caller */
export function signReceipt(crypto: Crypto, provider: KeyPair, fields: ReceiptFields): Uint8Array {
  return receiptDocument.issue(crypto, provider, fields);
}
