/** The issuer of credit: requests, terms, decisions, and settlements in any order (requirements.md E1, E2; P figs. 8 and 9). */

import { beforeEach, describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { verifyCredit } from '#protocol/documents/payment-check';
import { mills } from '#protocol/mills';
import {
  granted,
  makeMeter,
  makeOffice,
  refusalOf,
  type TestOffice,
} from '#test/support/back-office';
import { creditRequest, type Holder, holderOf, paid, paymentOf } from '#test/support/credit-scene';

let office: TestOffice;
let holder: Holder;
const LINE = mills(100_000);

beforeEach(async () => {
  office = await makeOffice();
  const { authority, provider, keys, providerId } = office;
  const meter = await makeMeter(authority);
  const { customerId } = granted(
    await provider.openAccount({ name: 'Customer', creditMax: undefined }),
  );
  granted(await provider.enrolMeter({ customerId, certificate: meter.deviceCertificate }));
  holder = holderOf(keys, meter.meterId);
  const { certificate: issuer } = granted(await authority.certifyCreditIssuer({ providerId }));
  const terms = { automaticMax: LINE, lineMax: mills(250_000), days: 30 };
  granted(await provider.setCreditTerms({ issuer, ...terms }));
});

describe('fig. 8, a request', () => {
  test('804, 808: below the bound it is granted, and the line is what meters and merchants take', async () => {
    const request = creditRequest(holder, LINE);
    const answer = granted(await office.provider.requestCredit(request));

    expect(answer.state).toBe('granted');
    const papers = {
      credit: answer.certificate as Uint8Array,
      issuer: answer.issuer as Uint8Array,
    };
    expect(verifyCredit(nodeCrypto, office.keys.publicKey, papers)).toMatchObject({
      ok: true,
      value: {
        credit: { amount: LINE, serial: answer.requestId, validFrom: 20270301, validTo: 20270330 },
      },
    });
    expect(granted(await office.provider.requestCredit(request))).toEqual(answer);
  });

  test('804: above it the operator decides, once', async () => {
    const request = creditRequest(holder, mills(LINE + 1));
    const { provider } = office;
    const { requestId, state } = granted(await provider.requestCredit(request));
    expect(state).toBe('open');
    expect(granted(await provider.listCreditRequests({ after: 0 })).requests).toMatchObject([
      { requestId, holder: 'A Holder', amount: LINE + 1, state: 'open' },
    ]);

    const decided = granted(await provider.decideCredit({ requestId, isGranted: true }));

    expect(decided.certificate).toBeDefined();
    expect(granted(await provider.requestCredit(request))).toEqual(decided);
    expect(granted(await provider.decideCredit({ requestId, isGranted: true }))).toEqual(decided);
    expect(refusalOf(await provider.decideCredit({ requestId, isGranted: false }))).toBe(
      'creditDecided',
    );
  });

  test('806: beyond what a meter may have in all it is refused', async () => {
    granted(await office.provider.requestCredit(creditRequest(holder, LINE)));

    const { state, certificate } = granted(
      await office.provider.requestCredit(creditRequest(holder, mills(150_001))),
    );

    expect([state, certificate]).toEqual(['refused', undefined]);
  });

  test.each<[string, (whole: ReturnType<typeof creditRequest>) => Partial<typeof whole>]>([
    [
      'another request than the one that was stamped',
      () => ({ request: creditRequest(holder, mills(5)).request }),
    ],
    ['a postmark that its key did not sign', () => ({ signature: new Uint8Array(64).fill(1) })],
    [
      'a certificate that the authority did not sign',
      () => ({ certificate: holderOf(nodeCrypto.generateKeyPair(), holder.meterId).certificate }),
    ],
    [
      'the postmark of another meter',
      () => {
        const other = holderOf(office.keys, Uint8Array.from(holder.meterId).fill(9, 4));
        const {
          request: _,
          grant: __,
          ...proof
        } = creditRequest({ ...other, meterId: holder.meterId }, LINE);
        return { ...proof, request: creditRequest(holder, LINE).request };
      },
    ],
    ['the grant of another key', () => ({ grant: holderOf(office.keys, holder.meterId).grant })],
  ])('802: with %s it is refused', async (_, changes) => {
    const whole = creditRequest(holder, LINE);

    expect(refusalOf(await office.provider.requestCredit({ ...whole, ...changes(whole) }))).toBe(
      'creditUnproved',
    );
    expect(granted(await office.provider.listCreditRequests({ after: 0 })).requests).toEqual([]);
  });
});

describe('fig. 9, settlement', () => {
  let credit: Uint8Array;
  let serial: number;
  beforeEach(async () => {
    const answer = granted(await office.provider.requestCredit(creditRequest(holder, LINE)));
    credit = answer.certificate as Uint8Array;
    serial = answer.requestId;
  });

  const settle = async (payment: Uint8Array): Promise<string> => {
    const outcome = await office.provider.settlePayment({ payment });
    return outcome.ok ? outcome.value.verdict : `${outcome.error} ${outcome.detail}`;
  };
  const pay = (number: number, amount: number, rest: number): Uint8Array =>
    paymentOf(holder, credit, paid(number, amount, rest));

  test.each([[[1, 2, 3]], [[3, 1, 2]], [[2, 3, 1]], [[3, 2, 1]]])(
    'each payment once, in any order: %j',
    async (order) => {
      const payments = [pay(1, 60_000, 40_000), pay(2, 30_000, 10_000), pay(3, 10_000, 0)];

      for (const number of order)
        expect(await settle(payments[number - 1] as Uint8Array)).toBe('settled');
      for (const number of order)
        expect(await settle(payments[number - 1] as Uint8Array)).toBe('settledBefore');

      const statement = granted(await office.provider.readCreditLine({ serial }));
      expect(statement).toMatchObject({ settled: LINE, missing: 0 });
      expect(granted(await office.provider.listFindings({ after: 0 })).findings).toEqual([]);
    },
  );

  test.each<[string, readonly (readonly [number, number, number])[], string]>([
    [
      'a number twice',
      [
        [1, 60_000, 40_000],
        [1, 50_000, 50_000],
      ],
      'forged',
    ],
    [
      'more than the line in all',
      [
        [1, 60_000, 40_000],
        [3, 50_000, 0],
      ],
      'overspent',
    ],
    [
      'a rest that earlier payments contradict',
      [
        [1, 60_000, 40_000],
        [2, 30_000, 40_000],
      ],
      'overspent',
    ],
    [
      'a rest that later payments contradict',
      [
        [2, 10_000, 50_000],
        [1, 30_000, 40_000],
      ],
      'overspent',
    ],
    ['a first payment that leaves less than it should', [[1, 10_000, 80_000]], 'overspent'],
  ])('%s is found, told, and not settled', async (_, payments, verdict) => {
    const verdicts: string[] = [];
    for (const [number, amount, rest] of payments)
      verdicts.push(await settle(pay(number, amount, rest)));

    expect(verdicts.at(-1)).toBe(verdict);
    const { findings } = granted(await office.provider.listFindings({ after: 0 }));
    expect(findings.map(({ kind }) => kind)).toEqual([`payment ${verdict}`]);
    const { settled } = granted(await office.provider.readCreditLine({ serial }));
    expect(settled).toBeLessThanOrEqual(60_000);
  });

  test.each<[string, () => Uint8Array, string]>([
    ['of no line', () => Uint8Array.from(pay(1, 1, 1)).fill(7, 16, 48), 'creditUnknown '],
    [
      'that another key signed',
      () => paymentOf(holder, credit, paid(1, 1, 99_999), holder.stampKey),
      'paymentInvalid signatureInvalid',
    ],
    [
      'for what the line is not for',
      () => paymentOf(holder, credit, { ...paid(1, 1, 99_999), use: 'travel' }),
      'paymentInvalid creditNotFor',
    ],
    [
      'after its last day',
      () => paymentOf(holder, credit, { ...paid(1, 1, 99_999), timeMs: Date.UTC(2027, 2, 31) }),
      'paymentInvalid creditExpired',
    ],
    ['above the line', () => pay(1, 100_000, 1), 'paymentInvalid creditExceeded'],
    ['of nothing', () => pay(0, 0, 100_000), 'paymentInvalid amountInvalid'],
  ])('one %s is refused', async (_, payment, refusal) => {
    expect(await settle(payment())).toBe(refusal);
  });
});
