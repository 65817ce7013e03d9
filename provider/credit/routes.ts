/** The routes of credit: what meters and merchants ask, and what the operator decides (requirements.md E1, E2). */

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
  whole,
} from '#protocol/http/shape';
import { count, document, instant, meterId } from '../shapes.ts';
import { CREDIT_REQUESTS_LIMIT } from './requests.ts';
import { STATEMENT_LIMIT, settlementVerdicts } from './settlement.ts';
import { creditStates } from './tables.ts';

const number = whole(1, 0xffff_ffff);
const state = choice(creditStates);
const answer = record({
  requestId: number,
  state,
  certificate: nullable(document),
  issuer: nullable(document),
});

export const openCreditRoutes = {
  requestCredit: route({
    method: 'POST',
    path: '/credit/requests',
    access: 'open',
    summary:
      'Takes a request for a line of credit with the postmark of its meter and the grant of the key that will pay. The same request gets the same answer, or the later one of the operator.',
    request: record({
      request: document,
      certificate: hex(1, 4096),
      tstInfo: document,
      signedAttributes: document,
      signature: hex(64),
      grant: document,
    }),
    response: answer,
  }),
  settlePayment: route({
    method: 'POST',
    path: '/credit/settlements',
    access: 'open',
    summary:
      'Settles a payment certificate that a merchant brings, once; in any order. What cannot be true of one line is found and not settled.',
    request: record({ payment: document }),
    response: record({
      verdict: choice(settlementVerdicts),
      serial: number,
      number,
      amount,
      settledMs: nullable(instant),
    }),
  }),
} as const;

export const operatorCreditRoutes = {
  setCreditTerms: route({
    method: 'POST',
    path: '/credit/terms',
    access: 'token',
    summary:
      'Sets by which rules credit is given, with the certificate of the authority for it. Up to automaticMax in all for a meter nobody is asked; above lineMax it is refused.',
    request: record({
      issuer: document,
      automaticMax: amount,
      lineMax: amount,
      days: whole(1, 3660),
    }),
    response: record({}),
  }),
  listCreditRequests: route({
    method: 'GET',
    path: '/credit/requests/:after',
    access: 'token',
    summary: 'Requests for credit behind a number, the oldest first.',
    request: record({ after: count }),
    response: record({
      requests: list(
        record({
          requestId: number,
          meterId,
          holder: text(100),
          amount: positiveAmount,
          state,
          askedMs: instant,
        }),
        CREDIT_REQUESTS_LIMIT,
      ),
    }),
  }),
  decideCredit: route({
    method: 'POST',
    path: '/credit/requests/:requestId/decision',
    access: 'token',
    summary: 'Grants or refuses a request that waits.',
    request: record({ requestId: number, isGranted: flag }),
    response: answer,
  }),
  readCreditLine: route({
    method: 'GET',
    path: '/credit/lines/:serial',
    access: 'token',
    summary: 'The statement of a line: what was settled, and how many payments nobody has brought.',
    request: record({ serial: number }),
    response: record({
      serial: number,
      certificate: document,
      amount: positiveAmount,
      settled: amount,
      payments: list(
        record({ number, amount: positiveAmount, rest: amount, settledMs: instant }),
        STATEMENT_LIMIT,
      ),
      missing: count,
    }),
  }),
} as const;
