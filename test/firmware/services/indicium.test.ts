/** Creating indicia through the driver, on the real image (requirements.md B3, B5, C1; domain.md R5-R8, R31, R35). */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { verifyCompactCertificate } from '#protocol/documents/compact-certificate';
import { readIndicium, verifyIndicium } from '#protocol/documents/indicium';
import { mills } from '#protocol/mills';
import { letter, type PieceRequest } from '#test/support/mail';
import {
  authorityKeys,
  FUNDS,
  flashAfter,
  KEYED_IN,
  licence,
  meterAt,
  meterId,
  meterWith,
  rateTable,
  type TestMeter,
  TODAY,
} from '#test/support/meter';
import { expectRefused } from '#test/support/refusal';

const wish = (counter: number, changes: Partial<PieceRequest> = {}): PieceRequest =>
  letter(counter, { destination: 202601234, ...changes });

const DAY_MS = 86_400_000;

/** A meter that need not be inspected for seven years. */
const longLived = flashAfter('refilled', async (meter) => {
  const officer = await meter.loggedIn('cryptoOfficer');
  const hours = { inspectionWarnHours: 0xffff, inspectionLockHours: 0xffff };
  await officer.register(licence({ ...hours, sequence: 2, validTo: 20351231 }));
});

test('an indicium holds what was asked, the registers after the debit, and a signature that verifies', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.loggedIn('user');

  const { indicium } = await user.createIndicium(wish(1));

  const { indicium: issued } = await user.certificates();
  const chain = verifyCompactCertificate(nodeCrypto, authorityKeys.publicKey, issued, {
    usage: 'indicium',
    subject: meterId,
  });
  if (!chain.ok) throw new Error(chain.status);
  expect(verifyIndicium(nodeCrypto, indicium, chain.value)).toMatchObject({
    ok: true,
    value: {
      postage: 780,
      ascending: 780,
      descending: FUNDS - 780,
      pieceCount: 1,
      mailingDate: TODAY,
      destination: 202601234,
      originZip: 20260,
      serviceId: 1,
      rateCategory: 1,
    },
  });
  expect(await user.registers()).toMatchObject({ ascending: 780, descending: FUNDS - 780 });
});

test('the same request gives the same indicium and one debit, also after power-up', async () => {
  await using meter = await meterAt('refilled');
  const first = await (await meter.loggedIn('user')).createIndicium(wish(1));
  await (await meter.loggedIn('user')).createIndicium(wish(2));
  meter.board.powerOff();
  meter.board.powerOn();
  const user = await meter.loggedIn('user');

  const again = await user.createIndicium(wish(1));

  expect(again.indicium).toEqual(first.indicium);
  expect(await user.registers()).toMatchObject({ pieceCount: 2, ascending: 1560 });
});

describe('refused, and nothing changes: an indicium', () => {
  let meter: TestMeter;
  let user: Meter;
  beforeAll(async () => {
    meter = await meterAt('refilled');
    user = await meter.loggedIn('user');
    await user.createIndicium(wish(1, { serviceId: KEYED_IN, postage: mills(31_000) }));
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test.each<[string, Partial<PieceRequest>, string, number]>([
    [
      'above the funds',
      { serviceId: KEYED_IN, postage: mills(90_000) },
      'insufficientFunds',
      21_000,
    ],
    ['zero', { serviceId: KEYED_IN, postage: mills(0) }, 'amountInvalid', 0],
    [
      'below the least of the licence',
      { serviceId: KEYED_IN, postage: mills(159) },
      'postageBelowMinimum',
      160,
    ],
    [
      'below the least of the service',
      { serviceId: KEYED_IN, postage: mills(199) },
      'postageBelowMinimum',
      200,
    ],
    [
      'above the most of the licence',
      { serviceId: KEYED_IN, postage: mills(90_001) },
      'postageAboveMaximum',
      90_000,
    ],
    ['not the rate', { postage: mills(781) }, 'postageNotRate', 780],
    ['for a service that has no rate', { serviceId: 2 }, 'serviceUnknown', 0],
    ['for yesterday', { mailingDate: 20260228 }, 'dateNotAllowed', 0],
    ['for a day too far ahead', { mailingDate: 20260401 }, 'dateNotAllowed', 0],
    ['for a day that does not exist', { mailingDate: 20260332 }, 'dateNotAllowed', 0],
    ['to a destination with too many digits', { destination: 2 ** 40 - 1 }, 'fieldOutOfRange', 0],
    ['that stands for another one', { original: 1 }, 'fieldOutOfRange', 0],
  ])('%s', async (_name, changes, status, detail) => {
    await expectRefused(meter, () => user.createIndicium(wish(2, changes)), status, detail);
  });

  test.each<[string, Partial<PieceRequest>]>([
    ['kind', { kind: 'correction' }],
    ['original', { original: 1 }],
    ['service', { serviceId: 1 }],
    ['weight', { weightMg: 1 }],
    ['zone', { zone: 1 }],
    ['extras', { extras: [1] }],
    ['amount', { postage: mills(31_001) }],
    ['destination', { destination: 1 }],
    ['date', { mailingDate: TODAY + 1 }],
  ])('under a request id that was used, with another %s', async (_name, changes) => {
    const first = wish(1, { serviceId: KEYED_IN, postage: mills(31_000) });
    const again = { ...first, ...changes };

    await expectRefused(meter, () => user.createIndicium(again), 'requestIdReused');
  });

  test.each([
    { counter: 0, nonce: 77 },
    { counter: 1, nonce: 78 },
  ])('under a request id that is behind the last one and not on record: %j', async (requestId) => {
    await expectRefused(
      meter,
      () => user.createIndicium(wish(9, { requestId })),
      'requestForgotten',
    );
  });

  test('under a request id that would use up the numbers', async () => {
    await expectRefused(meter, () => user.createIndicium(wish(0xffff_ffff)), 'requestIdTooFar', 1);
  });

  test('of which it makes no difference who says that it is meant: it is the same one', async () => {
    const first = wish(1, { serviceId: KEYED_IN, postage: mills(31_000) });

    const { indicium } = await user.createIndicium({ ...first, isConfirmed: true });

    expect(indicium).toEqual((await user.createIndicium(first)).indicium);
  });
});

test('the last mill can be spent, and one more cannot', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.loggedIn('user');
  await user.createIndicium(wish(1, { serviceId: KEYED_IN, postage: mills(FUNDS - 80_000) }));
  await user.createIndicium(wish(2, { serviceId: KEYED_IN, postage: mills(80_000) }));

  await expect(user.createIndicium(wish(3))).rejects.toMatchObject({
    status: 'insufficientFunds',
    detail: 780,
  });

  expect(await user.registers()).toMatchObject({ ascending: FUNDS, descending: 0, pieceCount: 2 });
});

test('without a trusted clock there is no indicium; with it again there is', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.loggedIn('user');
  const timeMs = meter.clock.nowMs();
  meter.clock.loseTrust();

  await expect(user.createIndicium(wish(1))).rejects.toMatchObject({ status: 'clockNotTrusted' });
  meter.clock.set(timeMs);

  expect((await user.createIndicium(wish(1))).indicium).toHaveLength(128);
});

test('when the rate table has expired there is no indicium until a new one is there', async () => {
  await using meter = meterWith(await longLived());
  const user = await meter.loggedIn('user');
  meter.clock.advance(305 * DAY_MS);
  await user.createIndicium(wish(1, { mailingDate: 20261231 }));
  meter.clock.advance(DAY_MS);
  const mailing = { mailingDate: 20270101 };
  await expectRefused(meter, () => user.createIndicium(wish(2, mailing)), 'rateTableMissing');

  await user.installRateTable(rateTable({ version: 2, validFrom: 20270101, validTo: 20271231 }));

  const { indicium } = await user.createIndicium(wish(2, mailing));
  expect(readIndicium(indicium)).toMatchObject({ ok: true, value: { rateCategory: 2 } });
});

test('when the certificate has expired there is no indicium', async () => {
  await using meter = meterWith(await longLived());
  const user = await meter.loggedIn('user');
  meter.clock.advance(1_767 * DAY_MS);
  expect(await user.condition()).toMatchObject({ warnings: { certificateExpiring: true } });

  await expectRefused(
    meter,
    () => user.createIndicium(wish(1, { mailingDate: 20310101 })),
    'certificateExpired',
  );
});

test('a power cut at any operation of an indicium: charged or not, and the same one in the end', async () => {
  const outcomes = new Set<number>();
  for (const operation of [0, 1])
    for (const tornBytes of [0, 16, 128, 255]) {
      await using meter = await meterAt('refilled');
      const user = await meter.loggedIn('user');
      meter.flash.losePowerAfter(operation, { tornBytes });
      const lost = user.createIndicium(wish(1), { timeoutMs: 20 });
      await expect(lost).rejects.toBeDefined();
      meter.board.powerOff();
      meter.flash.restorePower();
      meter.board.powerOn();

      const after = await meter.loggedIn('user');
      outcomes.add((await after.registers()).pieceCount);
      const { indicium } = await after.createIndicium(wish(1));

      expect(await after.registers()).toMatchObject({ pieceCount: 1, ascending: 780 });
      expect(readIndicium(indicium).ok).toBe(true);
      expect((await after.createIndicium(wish(1))).indicium).toEqual(indicium);
    }
  expect([...outcomes].toSorted()).toEqual([0, 1]);
});
