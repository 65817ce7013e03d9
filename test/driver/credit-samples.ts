/** What a sample of a service is, and those of credit, tickets and tokens: what is asked, what goes out, what comes back. */

import { mills } from '#protocol/mills';
import type { Sample } from './security-samples.ts';

const document = new Uint8Array(20).fill(3);
export const requestId = { counter: 10, nonce: 11 };
export const piece = {
  requestId,
  kind: 'correction',
  original: 7,
  serviceId: 1,
  weightMg: 28_350,
  zone: 2,
  extras: [30, 31],
  postage: mills(780),
  isConfirmed: true,
  mailingDate: 20_260_101,
  destination: 123_456_789,
} as const;

const payment = {
  requestId,
  credit: new Uint8Array(32).fill(7),
  amount: mills(9),
  use: 'travel',
  merchant: new Uint8Array(32).fill(8),
} as const;
const ticket = {
  requestId,
  number: 3,
  eventId: 70_000,
  kind: 'admission',
  validFrom: 29_000_000,
  validTo: 30_000_000,
  seat: document,
  uses: 2,
  price: mills(9),
} as const;

type CreditService =
  | 'installCredit'
  | 'pay'
  | 'credits'
  | 'createTicket'
  | 'requestTokenKeys'
  | 'installTokenKeys'
  | 'createLiteIndicium';

export const creditSamples: { readonly [N in CreditService]: Sample<N> } = {
  installCredit: {
    ask: (meter) => meter.installCredit({ requestId, certificate: document, issuer: document }),
    request: { requestId, certificate: document, issuer: document },
    response: { payment: document },
  },
  pay: {
    ask: (meter) => meter.pay(payment),
    request: payment,
    response: { payment: document },
  },
  credits: {
    ask: (meter) => meter.credits(),
    request: {},
    response: { lines: [{ certificate: document, rest: mills(5), payments: 2 }] },
  },
  createTicket: {
    ask: (meter) => meter.createTicket(ticket),
    request: ticket,
    response: { ticket: document },
  },
  requestTokenKeys: {
    ask: (meter) => meter.requestTokenKeys(),
    request: {},
    response: { request: document },
  },
  installTokenKeys: {
    ask: (meter) => meter.installTokenKeys(document),
    request: { keys: document },
    response: {},
  },
  createLiteIndicium: {
    ask: (meter) => meter.createLiteIndicium(piece),
    request: piece,
    response: { indicium: new Uint8Array(20).fill(1), vendorToken: new Uint8Array(6).fill(2) },
  },
};
