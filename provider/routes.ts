/** The routes of the provider: what it does for meters and its operator, declared once (docs/http.md). */

import { formatMeterId, parseMeterId } from '#protocol/documents/meter-id';
import { VALUE_REQUEST_ID_SIZE } from '#protocol/documents/value';
import { route } from '#protocol/http/route';
import {
  amount,
  choice,
  flag,
  hex,
  list,
  nullable,
  parsed,
  positiveAmount,
  record,
  text,
  whole,
} from '#protocol/http/shape';
import { RECEIPT_NUMBER_MAX, TRANSACTIONS_LIMIT } from './customers.ts';
import { FINDINGS_LIMIT } from './findings.ts';
import { transactionKinds } from './tables.ts';

const document = hex(1, 512);
const meterId = parsed('a meter number as TS01-0000000042', parseMeterId, formatMeterId);
const requestId = hex(VALUE_REQUEST_ID_SIZE);
const instant = whole(0, 2 ** 48 - 1);
const count = whole(0, Number.MAX_SAFE_INTEGER);
const customerId = whole(1, Number.MAX_SAFE_INTEGER);
const receiptNumber = whole(1, RECEIPT_NUMBER_MAX);

export const providerRoutes = {
  identity: route({
    method: 'GET',
    path: '/identity',
    access: 'open',
    summary: 'Number and public key of the provider.',
    request: record({}),
    response: record({ providerId: whole(0, 0xffff_ffff), publicKey: hex(33) }),
  }),
  refill: route({
    method: 'POST',
    path: '/refills',
    access: 'open',
    summary:
      'Answers the signed refill request of a meter with a signed authorisation; the same request gets the same one for ever.',
    request: record({ request: document }),
    response: record({ authorisation: document }),
  }),

  openAccount: route({
    method: 'POST',
    path: '/customers',
    access: 'token',
    summary: 'Opens an account for a customer.',
    request: record({ name: text(100) }),
    response: record({ customerId }),
  }),
  readCustomer: route({
    method: 'GET',
    path: '/customers/:customerId',
    access: 'token',
    summary: 'The account of a customer.',
    request: record({ customerId }),
    response: record({ name: text(100), isClosed: flag, balance: amount, paidIn: amount }),
  }),
  closeAccount: route({
    method: 'POST',
    path: '/customers/:customerId/closure',
    access: 'token',
    summary: 'Closes an account: its meters get no more value.',
    request: record({ customerId }),
    response: record({}),
  }),
  payIn: route({
    method: 'POST',
    path: '/customers/:customerId/payments',
    access: 'token',
    summary: 'Credits a payment to an account, once for each request id.',
    request: record({ customerId, requestId, amount: positiveAmount }),
    response: record({ receiptNumber }),
  }),
  listTransactions: route({
    method: 'GET',
    path: '/customers/:customerId/transactions/:after',
    access: 'token',
    summary: `At most ${TRANSACTIONS_LIMIT} transactions of a customer after a place; 0 for the first ones.`,
    request: record({ customerId, after: count }),
    response: record({
      transactions: list(
        record({
          place: count,
          receiptNumber,
          kind: choice(transactionKinds),
          amount,
          balanceAfter: amount,
          meterId: nullable(meterId),
          timeMs: instant,
        }),
        TRANSACTIONS_LIMIT,
      ),
    }),
  }),
  enrolMeter: route({
    method: 'POST',
    path: '/meters',
    access: 'token',
    summary: 'Enrols a meter for a customer by its device certificate.',
    request: record({ customerId, certificate: hex(130) }),
    response: record({ meterId }),
  }),
  readMeter: route({
    method: 'GET',
    path: '/meters/:meterId',
    access: 'token',
    summary: 'What was credited to a meter.',
    request: record({ meterId }),
    response: record({ customerId, credited: amount, refunded: amount, refillSequence: count }),
  }),
  readPool: route({
    method: 'GET',
    path: '/pool',
    access: 'token',
    summary: 'The registers of the pool.',
    request: record({}),
    response: record({ ascending: amount, descending: amount, refunded: amount }),
  }),
  buyValue: route({
    method: 'POST',
    path: '/pool/purchases',
    access: 'token',
    summary: 'Buys value from the authority into the pool, once for each request id.',
    request: record({ requestId, amount: positiveAmount }),
    response: record({ amount, issue: document }),
  }),
  finishPurchases: route({
    method: 'POST',
    path: '/pool/purchases/completion',
    access: 'token',
    summary: 'Finishes every purchase that has no answer yet.',
    request: record({}),
    response: record({ finished: count, pending: count }),
  }),
  listFindings: route({
    method: 'GET',
    path: '/findings/:after',
    access: 'token',
    summary: `What speaks of fraud or defects, at most ${FINDINGS_LIMIT} after a number; 0 for the first ones.`,
    request: record({ after: count }),
    response: record({
      findings: list(
        record({
          findingId: count,
          kind: text(40),
          meterId: text(40),
          text: text(1_000),
          evidence: document,
          foundMs: instant,
        }),
        FINDINGS_LIMIT,
      ),
    }),
  }),
} as const;
