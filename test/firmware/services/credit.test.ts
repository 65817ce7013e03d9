/** Lines of credit and payments on the real image, by the numerals of P figs. 8 and 9 (requirements.md E1, E2; domain.md R52). */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import type { RequestOf } from '#protocol/command';
import { creditUsesOf } from '#protocol/documents/credit';
import { mills } from '#protocol/mills';
import { TEST_TIME_MS } from '#test/support/board';
import {
  creditFor,
  creditIssuerKeys,
  issuerCertificate,
  LINE,
  payingFlash,
  paymentIn,
} from '#test/support/credit';
import { meterId, meterWith, providerKeys, type TestMeter } from '#test/support/meter';
import { expectRefused } from '#test/support/refusal';
import {
  charges,
  holder,
  revocationOrder,
  servicesFlash,
  takeKey,
  transaction,
} from '#test/support/user-keys';

const MERCHANT = new Uint8Array(32).fill(9);
const DAY_MS = 86_400_000;

let meter: TestMeter;
let user: Meter;
let payKey: Uint8Array;
let signKey: Uint8Array;

async function begin(): Promise<void> {
  meter = meterWith(await payingFlash());
  user = await meter.loggedIn('user');
  const [pay, sign] = (await user.userKeys()).keys;
  payKey = pay?.publicKey ?? new Uint8Array();
  signKey = sign?.publicKey ?? new Uint8Array();
}
const end = (): PromiseLike<void> => meter[Symbol.asyncDispose]();

const installation = (
  changes: Partial<RequestOf<'installCredit'>> = {},
): RequestOf<'installCredit'> => ({
  requestId: transaction(),
  certificate: creditFor(payKey),
  issuer: issuerCertificate(),
  ...changes,
});

const digestOf = (certificate: Uint8Array): Uint8Array => nodeCrypto.sha256(certificate);

describe('fig. 8, a line of credit', () => {
  beforeAll(begin);
  afterAll(end);

  test.each<[string, () => Uint8Array, () => Uint8Array, string]>([
    ['of bytes that are none', () => new Uint8Array(9), issuerCertificate, 'documentMalformed'],
    [
      'that its issuer did not sign',
      () => creditFor(payKey, {}, providerKeys),
      issuerCertificate,
      'signatureInvalid',
    ],
    [
      'of an issuer without the word of the authority',
      () => creditFor(payKey),
      () => issuerCertificate({}, creditIssuerKeys),
      'signatureInvalid',
    ],
    [
      'of an issuer that was not certified then',
      () => creditFor(payKey),
      () => issuerCertificate({ validTo: 20260131 }),
      'documentNotValidNow',
    ],
    [
      'of another issuer than it says',
      () => creditFor(payKey, { issuer: new Uint8Array(8) }),
      issuerCertificate,
      'documentMismatch',
    ],
    [
      'for a key of nobody here',
      () => creditFor(providerKeys.publicKey),
      issuerCertificate,
      'keyMismatch',
    ],
    ['for a key that may not pay', () => creditFor(signKey), issuerCertificate, 'keyNotFor'],
    [
      'that is over',
      () => creditFor(payKey, { validTo: 20260228 }),
      issuerCertificate,
      'creditExpired',
    ],
  ])('810: one %s is refused, and nothing is charged', async (_, certificate, issuer, status) => {
    const request = installation({ certificate: certificate(), issuer: issuer() });

    await expectRefused(meter, () => user.installCredit(request), status);
  });

  test('812: is there with all of it left, and a first payment of nothing says so', async () => {
    const before = await user.registers();
    const request = installation();

    const { payment } = await user.installCredit(request);

    expect(await user.credits()).toEqual({
      lines: [{ certificate: request.certificate, rest: LINE, payments: 0 }],
    });
    expect(paymentIn(payment, payKey)).toMatchObject({
      amount: 0,
      rest: LINE,
      number: 0,
      serial: 1,
    });
    const after = await user.registers();
    expect(before.certificateDescending - after.certificateDescending).toBe(charges.credit);
  });

  test('the same request again gives the same; another of the same line is refused', async () => {
    const request = installation({ certificate: creditFor(payKey, { serial: 2 }) });
    const first = await user.installCredit(request);
    const before = await user.registers();

    expect(await user.installCredit(request)).toEqual(first);

    expect(await user.registers()).toEqual(before);
    const again = installation({ certificate: creditFor(payKey, { serial: 2, amount: mills(9) }) });
    await expectRefused(meter, () => user.installCredit(again), 'creditHeld');
  });

  test('no more than four, until one is over', async () => {
    for (const serial of [3, 4])
      await user.installCredit(installation({ certificate: creditFor(payKey, { serial }) }));

    const fifth = () =>
      installation({ certificate: creditFor(payKey, { serial: 5, validTo: 20260630 }) });
    await expectRefused(meter, () => user.installCredit(fifth()), 'creditsFull');

    meter.clock.advance(70 * DAY_MS);
    await user.installCredit(fifth());
    expect((await user.credits()).lines).toHaveLength(1);
  });
});

describe('fig. 9, a payment', () => {
  let credit: Uint8Array;
  beforeAll(async () => {
    await begin();
    credit = creditFor(payKey);
    await user.installCredit(installation({ certificate: credit }));
  });
  afterAll(end);

  const payment = (changes: Partial<RequestOf<'pay'>> = {}): RequestOf<'pay'> => ({
    requestId: transaction(),
    credit: digestOf(credit),
    amount: mills(20_000),
    use: 'goods',
    merchant: MERCHANT,
    ...changes,
  });

  test.each<[string, Partial<RequestOf<'pay'>>, string, number]>([
    ['from no line', { credit: new Uint8Array(32) }, 'creditUnknown', 0],
    ['of nothing', { amount: mills(0) }, 'amountInvalid', 0],
    ['for what the line is not for', { use: 'services' }, 'creditNotFor', 0],
    ['of one mill more than is left', { amount: mills(LINE + 1) }, 'creditExceeded', LINE],
  ])('906: one %s is refused, and nothing changes', async (_, changes, status, detail) => {
    await expectRefused(meter, () => user.pay(payment(changes)), status, detail);
  });

  test('908, 910: less is left, the service is charged, and the certificate says both', async () => {
    const before = await user.registers();

    const { payment: made } = await user.pay(payment());

    expect(paymentIn(made, payKey)).toEqual({
      serial: 1,
      meterId,
      creditDigest: digestOf(credit),
      amount: mills(20_000),
      rest: mills(30_000),
      number: 1,
      use: 'goods',
      merchant: MERCHANT,
      timeMs: TEST_TIME_MS,
    });
    expect((await user.credits()).lines[0]).toMatchObject({ rest: 30_000, payments: 1 });
    const after = await user.registers();
    expect(before.certificateDescending - after.certificateDescending).toBe(charges.payment);
    expect(after.certificatePieceCount).toBe(before.certificatePieceCount + 1);
  });

  test('a repeated request gives the same payment, after a later one and a power cut too', async () => {
    const request = payment({ amount: mills(1_000), use: 'travel' });
    const first = await user.pay(request);
    await user.pay(payment({ amount: mills(500) }));
    const before = (await user.credits()).lines;

    meter.board.powerOff();
    meter.board.powerOn();
    user = await meter.loggedIn('user');

    expect(await user.pay(request)).toEqual(first);
    expect((await user.credits()).lines).toEqual(before);
    expect(paymentIn(first.payment, payKey)).toMatchObject({ rest: 29_000, number: 2 });
    const other = { ...request, amount: mills(1_001) };
    await expectRefused(meter, () => user.pay(other), 'requestIdReused');
  });

  test('904: all that is left can be paid, and then nothing more', async () => {
    const { rest = mills(0) } = (await user.credits()).lines[0] ?? {};

    const { payment: last } = await user.pay(payment({ amount: rest }));

    expect(paymentIn(last, payKey).rest).toBe(0);
    await expectRefused(meter, () => user.pay(payment({ amount: mills(1) })), 'creditExceeded');
    const again = installation({ certificate: credit });
    await expectRefused(meter, () => user.installCredit(again), 'creditHeld');
  });

  test('a line that begins tomorrow is taken, and pays from then on', async () => {
    const later = creditFor(payKey, {
      serial: 8,
      validFrom: 20260302,
      uses: creditUsesOf('postage'),
    });
    await user.installCredit(installation({ certificate: later }));
    const wish = () => payment({ credit: digestOf(later), use: 'postage', amount: mills(1) });

    await expectRefused(meter, () => user.pay(wish()), 'creditExpired');
    meter.clock.advance(DAY_MS);

    expect(paymentIn((await user.pay(wish())).payment, payKey).rest).toBe(LINE - 1);
  });

  test('R53: once its key is revoked a line pays nothing', async () => {
    const { keys } = await user.userKeys();
    const key = keys[0];
    if (key === undefined) throw new Error('there is no key');
    await user.revokeKey({ requestId: transaction(), order: revocationOrder(key) });

    await expectRefused(meter, () => user.pay(payment({ amount: mills(1) })), 'keyMismatch');
  });
});

test('904: without funds for the service nothing is paid, and what is missing is told', async () => {
  await using poor = meterWith(await servicesFlash());
  const { request } = await takeKey(await poor.loggedIn('cryptoOfficer'), holder('pay'));
  const payer = await poor.loggedIn('user');
  const certificate = creditFor(request.publicKey);
  await payer.installCredit(installation({ certificate }));
  const wish = { credit: digestOf(certificate), amount: mills(1), use: 'goods' } as const;
  const once = (): RequestOf<'pay'> => ({ ...wish, requestId: transaction(), merchant: MERCHANT });
  let { certificateDescending } = await payer.registers();
  for (
    ;
    certificateDescending >= charges.payment;
    certificateDescending = mills(certificateDescending - charges.payment)
  )
    await payer.pay(once());
  const before = (await payer.credits()).lines;

  const missing = charges.payment - certificateDescending;
  await expectRefused(poor, () => payer.pay(once()), 'insufficientFunds', missing);

  expect((await payer.credits()).lines).toEqual(before);
});
