/** Orders of the authority: lock, unlock, revoke, each once and in turn (requirements.md A8, G9; domain.md R26, R29). */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { encodeMeterId } from '#protocol/documents/meter-id';
import { issueLockOrder, type LockOrderFields } from '#protocol/documents/orders';
import { mills } from '#protocol/mills';
import { lockReasonNames } from '#protocol/state';
import { TEST_TIME_MS } from '#test/support/board';
import { letter } from '#test/support/mail';
import {
  authorisation,
  authorityKeys,
  FUNDS,
  flashAfter,
  meterAt,
  meterId,
  meterWith,
  providerKeys,
  purchase,
  type TestMeter,
} from '#test/support/meter';
import { expectRefused } from '#test/support/refusal';
import { acknowledge, historyOf, inspected } from '#test/support/security-log';

const order = (
  sequence: number,
  action: LockOrderFields['action'],
  changes: Partial<LockOrderFields> = {},
  issuer = authorityKeys,
): Uint8Array =>
  issueLockOrder(nodeCrypto, issuer, {
    meterId,
    sequence,
    action,
    reason: 'ordered',
    timeMs: TEST_TIME_MS,
    ...changes,
  });

const lockFlash = flashAfter('refilled', async (meter) => {
  await (await meter.anonymous()).applyLockOrder(order(5, 'lock', { reason: 'duplicate' }));
});

describe('a meter that is told to lock', () => {
  let meter: TestMeter;
  let user: Meter;
  beforeAll(async () => {
    meter = meterWith(await lockFlash());
    user = await meter.loggedIn('user');
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('produces no value, and says by whose order and why', async () => {
    const reason = lockReasonNames.indexOf('duplicate');

    await expectRefused(meter, () => user.createIndicium(letter(1)), 'locked', reason);

    expect(await user.condition()).toMatchObject({
      locks: { locked: true, revoked: false },
      lockSequence: 5,
      lockReason: 'duplicate',
    });
    expect((await historyOf(user)).at(-1)).toMatchObject({
      event: 'locked',
      a: 5,
      b: 0,
      c: reason,
    });
  });

  test('still answers status, registers, inspection, log and refill', async () => {
    expect(await user.status()).toMatchObject({ state: 'idle', fault: 0 });
    expect(await inspected(user)).toMatchObject({ locks: { locked: true }, lockSequence: 5 });
    const { request } = await user.refillRequest(purchase(mills(1_000)));
    await user.refillCommit(authorisation(request));
    await acknowledge(user);

    expect(await user.registers()).toMatchObject({ descending: FUNDS + 1_000 });
  });

  test('stays locked over refill, inspection and power', async () => {
    meter.board.powerOff();
    meter.board.powerOn();
    user = await meter.loggedIn('user');

    await expectRefused(meter, () => user.createIndicium(letter(1)), 'locked', 2);
  });

  test.each<[string, Uint8Array, string]>([
    ['that it has', order(5, 'unlock'), 'documentOutdated'],
    ['before it', order(4, 'unlock'), 'documentOutdated'],
    [
      'for another meter',
      order(6, 'unlock', { meterId: encodeMeterId({ model: 'TS01', serial: 43 }) }),
      'documentForOtherMeter',
    ],
    ['of the provider', order(6, 'unlock', {}, providerKeys), 'signatureInvalid'],
    [
      'with one bit changed',
      order(6, 'unlock').map((byte, at) => (at === 24 ? byte ^ 1 : byte)),
      'signatureInvalid',
    ],
    ['cut short', order(6, 'unlock').slice(0, -1), 'documentMalformed'],
  ])('takes no order %s', async (_name, document, status) => {
    await expectRefused(meter, () => user.applyLockOrder(document), status);
  });

  test('is unlocked by the next one, from anybody, in clear', async () => {
    await (await meter.anonymous()).applyLockOrder(order(6, 'unlock'));

    await user.createIndicium(letter(1));
    expect(await user.condition()).toMatchObject({
      locks: { locked: false },
      lockSequence: 6,
      lockReason: 'none',
    });
  });

  test('takes none of them again', async () => {
    for (const replayed of [order(5, 'lock'), order(6, 'unlock')])
      await expectRefused(meter, () => user.applyLockOrder(replayed), 'documentOutdated');
  });
});

test('what was printed before the lock is answered again, and given once more', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.loggedIn('user');
  const first = await user.createIndicium(letter(1));

  await user.applyLockOrder(order(1, 'lock'));

  expect(await user.createIndicium(letter(1))).toEqual(first);
  expect(await user.reprintIndicium({ counter: 1, nonce: 77 })).toEqual(first);
  await expectRefused(meter, () => user.createIndicium(letter(2)), 'locked', 1);
});

describe('a meter that is revoked', () => {
  const flash = flashAfter('refilled', async (meter) => {
    const user = await meter.loggedIn('user');
    await user.refillRequest(purchase(mills(500)));
    await user.applyLockOrder(order(2, 'revoke', { reason: 'stolen' }));
  });
  let meter: TestMeter;
  let user: Meter;
  beforeAll(async () => {
    meter = meterWith(await flash());
    user = await meter.loggedIn('user');
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('produces no value, and is not refilled', async () => {
    await expectRefused(meter, () => user.createIndicium(letter(1)), 'revoked');
    await expectRefused(meter, () => user.refillRequest(purchase(mills(500))), 'revoked');
    expect(await user.condition()).toMatchObject({
      locks: { locked: true, revoked: true },
      lockReason: 'stolen',
    });
  });

  test('is revoked for ever: no later order takes it back', async () => {
    await user.applyLockOrder(order(3, 'unlock'));

    await expectRefused(meter, () => user.createIndicium(letter(1)), 'revoked');
    expect(await user.condition()).toMatchObject({ locks: { locked: false, revoked: true } });
  });

  test('still tells all of itself, and can be inspected', async () => {
    expect(await user.registers()).toMatchObject({ descending: FUNDS, refillPending: 500 });
    expect(await inspected(user)).toMatchObject({ locks: { revoked: true } });
    await acknowledge(user);

    await expectRefused(meter, () => user.createIndicium(letter(1)), 'revoked');
  });
});

test('what was asked for before a meter was revoked is credited: it was paid', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.loggedIn('user');
  const { request } = await user.refillRequest(purchase(mills(500)));
  await user.applyLockOrder(order(2, 'revoke'));

  await user.refillCommit(authorisation(request));

  expect(await user.registers()).toMatchObject({ descending: FUNDS + 500, refillPending: 0 });
});

test('of several locks the gravest is named: revoked, locked, clock, licence, inspection', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.loggedIn('user');
  const DAY_MS = 86_400_000;
  const refusal = (status: string, detail = 0) =>
    expectRefused(meter, () => user.createIndicium(letter(1)), status, detail);
  meter.clock.advance(120 * DAY_MS);
  await refusal('inspectionOverdue');
  meter.clock.advance(1_700 * DAY_MS);
  await refusal('licenceExpired');
  meter.clock.loseTrust();
  await refusal('clockNotTrusted');
  await user.applyLockOrder(order(1, 'lock', { reason: 'silent' }));
  await refusal('locked', lockReasonNames.indexOf('silent'));

  await user.applyLockOrder(order(2, 'revoke'));

  await refusal('revoked');
});
