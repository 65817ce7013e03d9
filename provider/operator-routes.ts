/** The routes of the provider that are its operator's. */

import { INDICIUM_SIZE } from '#protocol/documents/indicium';
import { transactionKinds } from '#protocol/documents/receipt';
import { refillKinds, refillReasons } from '#protocol/documents/refill';
import { SPOILED_PIECES_MAX, spoilageReasons } from '#protocol/documents/spoilage';
import { withdrawalVerdicts } from '#protocol/documents/withdrawal';
import { reconciliationShape } from '#protocol/http/reconciliation';
import { route } from '#protocol/http/route';
import {
  amount,
  choice,
  flag,
  hex,
  list,
  nullable,
  positiveAmount,
  record,
  text,
} from '#protocol/http/shape';
import { accountNames } from '#protocol/state';
import { CLAIMS_LIMIT } from './claims.ts';
import { FINDINGS_LIMIT } from './findings.ts';
import { REFILLS_LIMIT } from './meters.ts';
import {
  claim,
  completion,
  count,
  customerId,
  document,
  instant,
  lockOrder,
  meterId,
  receiptNumber,
  requestId,
  sequence,
} from './shapes.ts';
import { ENTRIES_LIMIT, entryKinds } from './transaction-log.ts';
import { TRANSACTIONS_LIMIT } from './transactions.ts';
import { withdrawalObstacles } from './withdrawal.ts';
import { WITHDRAWALS_LIMIT } from './withdrawal-proof.ts';

export const operatorRoutes = {
  openAccount: route({
    method: 'POST',
    path: '/customers',
    access: 'token',
    summary:
      'Opens an account for a customer. Up to creditMax, settlements of current accounts are billed where the account lacks the money; 0 where left out.',
    request: record({ name: text(100), creditMax: nullable(amount) }),
    response: record({ customerId }),
  }),
  readCustomer: route({
    method: 'GET',
    path: '/customers/:customerId',
    access: 'token',
    summary: 'The account of a customer.',
    request: record({ customerId }),
    response: record({
      name: text(100),
      isClosed: flag,
      balance: amount,
      owed: amount,
      creditMax: amount,
      paidIn: amount,
      returned: amount,
    }),
  }),
  closeAccount: route({
    method: 'POST',
    path: '/customers/:customerId/closure',
    access: 'token',
    summary:
      'Closes an account: its meters get no more value. Refused while something is owed, claimed or on its way back.',
    request: record({ customerId }),
    response: record({}),
  }),
  payIn: route({
    method: 'POST',
    path: '/customers/:customerId/payments',
    access: 'token',
    summary:
      'Credits a payment to an account, once for each request id; what is owed is paid first.',
    request: record({ customerId, requestId, amount: positiveAmount }),
    response: record({ receiptNumber, receipt: document }),
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
          owedAfter: amount,
          meterId: nullable(meterId),
          timeMs: instant,
          receipt: document,
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
    summary: 'The books of a meter: what moved into it and out of it, by account and kind.',
    request: record({ meterId }),
    response: record({
      customerId,
      credited: amount,
      certificateCredited: amount,
      spoilageApproved: amount,
      spoilageCredited: amount,
      settled: amount,
      withdrawn: amount,
      certificateWithdrawn: amount,
      refillSequence: count,
      isWithdrawn: flag,
      lockOrder,
    }),
  }),
  listRefills: route({
    method: 'GET',
    path: '/meters/:meterId/refills/:after',
    access: 'token',
    summary: `The refills of a meter after a sequence, at most ${REFILLS_LIMIT}; 0 for the first ones.`,
    request: record({ meterId, after: sequence }),
    response: record({
      refills: list(
        record({
          sequence,
          kind: choice(refillKinds),
          account: choice(accountNames),
          requestedAmount: amount,
          amount,
          reason: choice(refillReasons),
          timeMs: instant,
        }),
        REFILLS_LIMIT,
      ),
    }),
  }),
  submitClaim: route({
    method: 'POST',
    path: '/customers/:customerId/claims',
    access: 'token',
    summary:
      'Claims the postage of spoiled pieces of one meter, once for each request id. What the provider itself finds against a piece rejects it at once; the authority judges the others.',
    request: record({
      customerId,
      requestId,
      meterId,
      reason: choice(spoilageReasons),
      indicia: list(hex(INDICIUM_SIZE), SPOILED_PIECES_MAX),
    }),
    response: claim,
  }),
  readClaim: route({
    method: 'GET',
    path: '/claims/:claimId',
    access: 'token',
    summary: 'A claim, with the state of each piece.',
    request: record({ claimId: count }),
    response: claim,
  }),
  listClaims: route({
    method: 'GET',
    path: '/customers/:customerId/claims/:after',
    access: 'token',
    summary: `The claims of a customer after a number, at most ${CLAIMS_LIMIT}; 0 for the first ones.`,
    request: record({ customerId, after: count }),
    response: record({ claims: list(claim, CLAIMS_LIMIT) }),
  }),
  finishClaims: route({
    method: 'POST',
    path: '/claims/completion',
    access: 'token',
    summary: 'Finishes every claim that the authority has not answered yet.',
    request: record({}),
    response: completion,
  }),
  listWithdrawals: route({
    method: 'GET',
    path: '/meters/:meterId/withdrawals',
    access: 'token',
    summary: `The withdrawals of a meter, the latest first, at most ${WITHDRAWALS_LIMIT}.`,
    request: record({ meterId }),
    response: record({
      withdrawals: list(
        record({
          sequence,
          verdict: choice(withdrawalVerdicts),
          obstacle: nullable(choice(withdrawalObstacles)),
          postal: amount,
          certificate: amount,
          isProved: flag,
          isToldToAuthority: flag,
          timeMs: instant,
        }),
        WITHDRAWALS_LIMIT,
      ),
    }),
  }),
  finishWithdrawals: route({
    method: 'POST',
    path: '/withdrawals/completion',
    access: 'token',
    summary: 'Tells the authority of every proved withdrawal that it has not heard of.',
    request: record({}),
    response: completion,
  }),
  readPool: route({
    method: 'GET',
    path: '/pool',
    access: 'token',
    summary:
      'The registers of the pool; withdrawing is what meters have agreed to give back and not proved yet.',
    request: record({}),
    response: record({
      ascending: amount,
      descending: amount,
      spoilage: amount,
      refunded: amount,
      withdrawing: amount,
    }),
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
    response: completion,
  }),
  reconcile: route({
    method: 'POST',
    path: '/reconciliations',
    access: 'token',
    summary:
      'Sends every movement of value since the last time to the authority, and gives its comparison of both books.',
    request: record({}),
    response: reconciliationShape,
  }),
  auditLog: route({
    method: 'GET',
    path: '/transaction-log',
    access: 'token',
    summary:
      'Checks the whole transaction log: the chain, that each state follows on the one before, and that the last ones are the books.',
    request: record({}),
    response: record({
      entries: count,
      head: hex(32),
      isSound: flag,
      problem: nullable(text(1_000)),
    }),
  }),
  listLog: route({
    method: 'GET',
    path: '/transaction-log/:after',
    access: 'token',
    summary: `The entries of the transaction log after a number, at most ${ENTRIES_LIMIT}; 0 for the first ones.`,
    request: record({ after: count }),
    response: record({
      entries: list(
        record({
          number: count,
          kind: choice(entryKinds),
          timeMs: instant,
          entry: text(2_000),
          chain: hex(32),
        }),
        ENTRIES_LIMIT,
      ),
    }),
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
