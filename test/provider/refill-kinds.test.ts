/** Refills of each kind and account, the guards of each, locked meters, history (requirements.md B1, B2, B6, B7; domain.md R12-R20). */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { verifyLockOrder } from '#protocol/documents/orders';
import type { RefillRequest } from '#protocol/documents/refill';
import { mills } from '#protocol/mills';
import {
  booksOf,
  type CustomerOptions,
  cuttable,
  granted,
  makeCustomer,
  makeOffice,
  memory,
  readAnswer,
  refusalOf,
  requestId,
  signRequest,
} from '#test/support/back-office';

async function makeDesk(options: CustomerOptions = {}) {
  const office = await makeOffice();
  const customer = await makeCustomer(office, options);
  const { meter } = customer;
  const ask = (fields: Partial<RefillRequest>) =>
    office.provider.refill({ request: signRequest(meter, fields) });
  const answer = async (fields: Partial<RefillRequest>) => readAnswer(office, await ask(fields));
  const books = () => booksOf(office, [customer]);
  const findings = async () =>
    granted(await office.provider.listFindings({ after: 0 })).findings.map(({ kind }) => kind);
  return { office, ...customer, ask, answer, books, findings };
}

describe('the certificate account', () => {
  test('is bought into and counted apart', async () => {
    const { answer, books } = await makeDesk();
    await answer({ amount: mills(50_000) });

    const second = await answer({ sequence: 2, account: 'certificate', amount: mills(20_000) });

    expect(second).toMatchObject({ account: 'certificate', amount: 20_000, reason: 'ok' });
    expect(await books()).toMatchObject({
      credited: 50_000,
      certificateCredited: 20_000,
      sold: 70_000,
      balance: 130_000,
    });
  });

  test.each<[string, Partial<RefillRequest>]>([
    ['its registers with more than was credited', { account: 'certificate', descending: mills(1) }],
    ['the postal ones for it', { account: 'certificate', descending: mills(50_000) }],
    ['its own for the postal ones', { account: 'postal', descending: mills(0) }],
  ])('a request that tells %s gets no answer', async (_, fields) => {
    const { answer, ask, books, findings } = await makeDesk();
    await answer({ amount: mills(50_000) });
    const before = await books();

    expect(refusalOf(await ask({ sequence: 2, ...fields }))).toBe('registersContradict');
    expect(await books()).toEqual(before);
    expect(await findings()).toEqual(['registersContradict']);
  });

  test('may not be lower than it was', async () => {
    const { answer, ask } = await makeDesk();
    await answer({ account: 'certificate' });
    const spent = { ascending: mills(400), descending: mills(49_600) };
    await answer({ sequence: 2, account: 'certificate', ...spent });

    const later = { sequence: 3, ascending: mills(399), descending: mills(99_601) };

    expect(refusalOf(await ask({ account: 'certificate', ...later }))).toBe('registersContradict');
  });
});

describe('a current account', () => {
  const settlement = (sequence: number, amount: number, ascending: number) =>
    ({
      kind: 'settlement',
      sequence,
      amount: mills(amount),
      ascending: mills(ascending),
    }) as const;

  test('settles what it has spent, from the account', async () => {
    const { answer, books } = await makeDesk({ balance: 10_000 });

    const first = await answer(settlement(1, 7_800, 7_800));
    const second = await answer(settlement(2, 1_000, 8_800));

    expect([first, second]).toMatchObject([{ amount: 7_800 }, { amount: 1_000 }]);
    expect(await books()).toMatchObject({
      settled: 8_800,
      credited: 0,
      sold: 8_800,
      balance: 1_200,
      owed: 0,
    });
  });

  test('is billed for what the account lacks, up to its credit, and a payment pays that first', async () => {
    const { office, customerId, answer, books } = await makeDesk({
      balance: 5_000,
      creditMax: 3_000,
    });
    const first = await answer(settlement(1, 7_000, 7_000));
    const second = await answer(settlement(2, 1_001, 8_001));

    expect(first).toMatchObject({ amount: 7_000, available: 8_000, reason: 'ok' });
    expect(second).toMatchObject({
      amount: 0,
      available: 1_000,
      reason: 'insufficientAccountFunds',
    });
    expect(await books()).toMatchObject({ settled: 7_000, balance: 0, owed: 2_000 });
    const payment = { customerId, requestId: requestId(8), amount: mills(2_500) };
    granted(await office.provider.payIn(payment));
    expect(await books()).toMatchObject({ balance: 500, owed: 0, paidIn: 7_500 });
  });

  test('that goes on printing while it waits gets the same answer to its request signed anew', async () => {
    const { answer, ask } = await makeDesk();
    const nonce = nodeCrypto.randomBytes(8);
    const first = granted(await ask({ ...settlement(1, 7_800, 7_800), nonce }));

    const again = granted(await ask({ ...settlement(1, 7_800, 9_360), nonce }));

    expect(again).toEqual(first);
    expect(await answer(settlement(2, 1_560, 9_360))).toMatchObject({ amount: 1_560 });
  });

  test.each([
    ['more than was spent', settlement(1, 7_801, 7_800)],
    [
      'with something in the descending register',
      { ...settlement(1, 780, 780), descending: mills(1) },
    ],
  ])('that settles %s gets no answer', async (_, fields) => {
    const { ask, books, findings } = await makeDesk();

    expect(refusalOf(await ask(fields))).toBe('registersContradict');
    expect(await books()).toMatchObject({ settled: 0, balance: 200_000 });
    expect(await findings()).toEqual(['registersContradict']);
  });

  test('settles nothing twice: an older ascending register, or the same spending again', async () => {
    const { answer, ask } = await makeDesk();
    await answer(settlement(1, 7_800, 7_800));

    expect(refusalOf(await ask(settlement(2, 7_800, 7_800)))).toBe('registersContradict');
    expect(refusalOf(await ask(settlement(2, 1, 7_799)))).toBe('registersContradict');
  });

  test('that was loaded is none', async () => {
    const { answer, ask } = await makeDesk();
    await answer({});

    const fields = { ...settlement(2, 780, 780), descending: mills(49_220) };

    expect(refusalOf(await ask(fields))).toBe('registersContradict');
  });
});

test('what nobody approved does not come back as spoiled', async () => {
  const { answer, books } = await makeDesk();
  const before = await books();

  const refused = await answer({ kind: 'spoilage', amount: mills(780) });

  expect(refused).toMatchObject({ amount: 0, available: 0, reason: 'notApproved' });
  expect(await books()).toEqual(before);
});

describe('an order of the authority', () => {
  const reasons = {
    lock: ['notApproved', 'notApproved', 'ok'],
    revoke: ['accountClosed', 'accountClosed', 'ok'],
    unlock: ['ok', 'notApproved', 'ok'],
  } as const;
  test.each(['lock', 'revoke', 'unlock'] as const)(
    'to %s decides what a meter gets, and is handed over at each contact',
    async (action) => {
      const found = [];
      for (const kind of ['purchase', 'spoilage', 'settlement'] as const) {
        const { office, meter, ask } = await makeDesk();
        const { meterId } = meter;
        granted(await office.authority.orderLock({ meterId, action, reason: 'ordered' }));

        const outcome = await ask({
          kind,
          amount: mills(780),
          ascending: mills(kind === 'settlement' ? 780 : 0),
        });

        const { lockOrder = new Uint8Array(0) } = granted(outcome);
        expect(
          verifyLockOrder(nodeCrypto, office.keys.publicKey, lockOrder, meterId),
        ).toMatchObject({ ok: true, value: { sequence: 1, action } });
        found.push(readAnswer(office, outcome).reason);
      }

      expect(found).toEqual(reasons[action]);
    },
  );

  test('is remembered where the authority does not answer; a refill does not wait for it', async () => {
    const base = await makeOffice();
    const line = cuttable(base.authority);
    const office = { ...base, provider: await base.reopen(memory(), line.link) };
    const { meter } = await makeCustomer(office);
    const { meterId } = meter;
    line.cut = 'before';
    const unknown = granted(await office.provider.refill({ request: signRequest(meter) }));
    line.cut = 'none';
    granted(await base.authority.orderLock({ meterId, action: 'lock', reason: 'stolen' }));
    const told = granted(
      await office.provider.refill({
        request: signRequest(meter, { sequence: 2, descending: mills(50_000) }),
      }),
    );
    line.cut = 'before';

    const kept = granted(
      await office.provider.refill({
        request: signRequest(meter, { sequence: 3, descending: mills(50_000) }),
      }),
    );

    expect(unknown.lockOrder).toBeUndefined();
    expect(told.lockOrder).toBeDefined();
    expect(kept.lockOrder).toEqual(told.lockOrder);
    expect(granted(await office.provider.readMeter({ meterId })).lockOrder).toEqual(told.lockOrder);
  });

  test('that the authority did not sign for this meter is not believed', async () => {
    const base = await makeOffice();
    const { meter: other } = await makeCustomer(base);
    const { order } = granted(
      await base.authority.orderLock({ ...other, action: 'lock', reason: 'stolen' }),
    );
    const line = cuttable(base.authority);
    const link = { ...line.link, lockOrder: async () => ({ order }) };
    const office = { ...base, provider: await base.reopen(memory(), link) };
    const { meter } = await makeCustomer(office);

    const outcome = await office.provider.refill({ request: signRequest(meter) });

    expect(granted(outcome).lockOrder).toBeUndefined();
    expect(readAnswer(office, outcome).reason).toBe('ok');
  });
});

test('two requests of one number with different nonces show two meters', async () => {
  const { answer, ask, findings } = await makeDesk();
  await answer({});

  expect(refusalOf(await ask({}))).toBe('requestChanged');
  expect(await findings()).toEqual(['requestChanged']);
});

test('the refills of a meter are told in turn, granted or not', async () => {
  const { office, meter, answer } = await makeDesk({ balance: 60_000 });
  await answer({});
  await answer({ sequence: 2, descending: mills(50_000) });
  await answer({ sequence: 3, account: 'certificate', amount: mills(5_000) });

  const list = async (after: number) =>
    granted(await office.provider.listRefills({ meterId: meter.meterId, after })).refills;

  const timeMs = office.clock.timeMs;
  const refill = (
    sequence: number,
    account: string,
    requested: number,
    amount: number,
    reason: string,
  ) => ({
    sequence,
    kind: 'purchase',
    account,
    requestedAmount: requested,
    amount,
    reason,
    timeMs,
  });
  const third = refill(3, 'certificate', 5_000, 5_000, 'ok');
  expect(await list(0)).toEqual([
    refill(1, 'postal', 50_000, 50_000, 'ok'),
    refill(2, 'postal', 50_000, 0, 'insufficientAccountFunds'),
    third,
  ]);
  expect(await list(2)).toEqual([third]);
});
