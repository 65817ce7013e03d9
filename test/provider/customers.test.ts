/** Accounts, payments and transactions with their receipt numbers; enrolment of meters (requirements.md G2, G5). */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { issueCompactCertificate } from '#protocol/documents/compact-certificate';
import { receiptDocument, receiptNumber } from '#protocol/documents/receipt';
import { MILLS_MAX, mills } from '#protocol/mills';
import {
  DAY_MS,
  granted,
  makeCustomer,
  makeMeter,
  makeOffice,
  refusalOf,
  requestId,
  signRequest,
} from '#test/support/back-office';

test.each([
  [1, 1],
  [2, 2],
  [9_999, 9_999],
  [10_000, 10_000],
  [10_001, 1],
  [20_001, 1],
])('transaction %i of a customer has receipt number %i', (place, number) => {
  expect(receiptNumber(place)).toBe(number);
});

test('every transaction is booked in turn with its time and what was left', async () => {
  const office = await makeOffice();
  const { customerId, meter } = await makeCustomer(office, { balance: 60_000 });
  const { meterId } = meter;
  const firstMs = office.clock.timeMs;
  const times = [firstMs, firstMs + 1_000, firstMs + 2_000];
  office.clock.timeMs = times[1] as number;
  granted(await office.provider.refill({ request: signRequest(meter) }));
  office.clock.timeMs = times[2] as number;
  const second = signRequest(meter, { sequence: 2, descending: mills(50_000) });
  granted(await office.provider.refill({ request: second }));

  const { transactions } = granted(
    await office.provider.listTransactions({ customerId, after: 0 }),
  );

  const booked = (place: number, kind: string, amount: number, balanceAfter: number) => ({
    place,
    receiptNumber: place,
    kind,
    amount,
    balanceAfter,
    owedAfter: 0,
    meterId: kind === 'payment' ? undefined : meterId,
    timeMs: times[place - 1],
    receipt: expect.any(Uint8Array),
  });
  expect(transactions).toEqual([
    booked(1, 'payment', 60_000, 60_000),
    booked(2, 'purchase', 50_000, 10_000),
    booked(3, 'declined', 0, 10_000),
  ]);
  const later = granted(await office.provider.listTransactions({ customerId, after: 2 }));
  expect(later.transactions).toEqual(transactions.slice(2));
});

test('every transaction has a receipt that the provider signed, the same whenever it is read', async () => {
  const office = await makeOffice();
  const { customerId, meter } = await makeCustomer(office, { balance: 60_000 });
  granted(await office.provider.refill({ request: signRequest(meter) }));
  const list = async () =>
    granted(await office.provider.listTransactions({ customerId, after: 0 })).transactions;

  const transactions = await list();

  const read = transactions.map(({ receipt }) =>
    receiptDocument.verify(nodeCrypto, office.providerKeys.publicKey, receipt),
  );
  const common = {
    providerId: office.providerId,
    customerId,
    owed: 0,
    timeMs: office.clock.timeMs,
  };
  expect(read).toMatchObject([
    { ok: true, value: { ...common, number: 1, place: 1, kind: 'payment', amount: 60_000 } },
    {
      ok: true,
      value: {
        ...common,
        number: 2,
        place: 2,
        kind: 'purchase',
        amount: 50_000,
        balance: 10_000,
        meterId: meter.meterId,
      },
    },
  ]);
  expect(await list()).toEqual(transactions);
});

describe('a payment', () => {
  test('is credited once for each request id', async () => {
    const { provider } = await makeOffice();
    const { customerId } = granted(await provider.openAccount({ name: 'Customer' }));
    const payment = { customerId, requestId: requestId(1), amount: mills(500) };

    const receipts = await Promise.all([1, 2, 3].map(() => provider.payIn(payment)));

    for (const receipt of receipts) expect(receipt).toEqual(receipts[0]);
    expect(granted(receipts[0] as (typeof receipts)[0])).toMatchObject({ receiptNumber: 1 });
    const customer = granted(await provider.readCustomer({ customerId }));
    expect(customer).toEqual({
      name: 'Customer',
      isClosed: false,
      balance: 500,
      owed: 0,
      creditMax: 0,
      paidIn: 500,
      returned: 0,
    });
  });

  test.each([
    ['another amount under the same id', { amount: mills(501) }, 'requestIdReused'],
    ['a customer that does not exist', { customerId: 99 }, 'customerUnknown'],
    [
      'more than 48 bits in all',
      { requestId: requestId(2), amount: mills(MILLS_MAX) },
      'amountTooLarge',
    ],
  ])('%s is refused', async (_, changes, refusal) => {
    const { provider } = await makeOffice();
    const { customerId } = granted(await provider.openAccount({ name: 'Customer' }));
    const payment = { customerId, requestId: requestId(1), amount: mills(500) };
    granted(await provider.payIn(payment));

    expect(refusalOf(await provider.payIn({ ...payment, ...changes }))).toBe(refusal);
    expect(granted(await provider.readCustomer({ customerId })).balance).toBe(500);
  });

  test('of the greatest amount is read back to the mill', async () => {
    const { provider } = await makeOffice();
    const { customerId } = granted(await provider.openAccount({ name: 'Customer' }));
    const payment = { customerId, requestId: requestId(1), amount: mills(MILLS_MAX) };

    granted(await provider.payIn(payment));

    expect(granted(await provider.readCustomer({ customerId })).balance).toBe(281_474_976_710_655);
  });
});

describe('a meter is enrolled by its device certificate', () => {
  test('once, for one customer', async () => {
    const { authority, provider } = await makeOffice();
    const { deviceCertificate: certificate } = await makeMeter(authority);
    const { customerId } = granted(await provider.openAccount({ name: 'One' }));
    const { customerId: other } = granted(await provider.openAccount({ name: 'Other' }));
    const first = await provider.enrolMeter({ customerId, certificate });

    expect(await provider.enrolMeter({ customerId, certificate })).toEqual(first);
    expect(refusalOf(await provider.enrolMeter({ customerId: other, certificate }))).toBe(
      'meterEnrolled',
    );
  });

  test('which the authority issued, for a device, and which is valid today', async () => {
    const office = await makeOffice();
    const { authority, provider, clock } = office;
    const meter = await makeMeter(authority);
    const { customerId } = granted(await provider.openAccount({ name: 'One' }));
    const forged = issueCompactCertificate(nodeCrypto, nodeCrypto.generateKeyPair(), {
      serial: 1,
      subject: meter.meterId,
      usage: 'device',
      validFrom: 20270101,
      validTo: 20291231,
      publicKey: meter.device.publicKey,
    });
    const enrol = async (certificate: Uint8Array) =>
      refusalOf(await provider.enrolMeter({ customerId, certificate }));

    expect(await enrol(forged)).toBe('certificateInvalid');
    expect(await enrol(meter.indiciumCertificate)).toBe('certificateInvalid');
    clock.timeMs += 3_000 * DAY_MS;
    expect(await enrol(meter.deviceCertificate)).toBe('certificateInvalid');
  });

  test('for a customer that exists', async () => {
    const { authority, provider } = await makeOffice();
    const { deviceCertificate: certificate } = await makeMeter(authority);

    expect(refusalOf(await provider.enrolMeter({ customerId: 1, certificate }))).toBe(
      'customerUnknown',
    );
  });
});
