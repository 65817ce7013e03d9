/** Creating indicia through the driver, on the real image (requirements.md B3, B5, C1; domain.md R5-R8, R31, R35). */

import { expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { verifyCompactCertificate } from '#protocol/documents/compact-certificate';
import { readIndicium, verifyIndicium } from '#protocol/documents/indicium';
import { mills } from '#protocol/mills';
import {
  authorityKeys,
  FUNDS,
  KEYED_IN,
  meterAt,
  meterId,
  rateTable,
  TODAY,
} from '#test/support/meter';

type Request = Parameters<Meter['createIndicium']>[0];

const wish = (counter: number, changes: Partial<Request> = {}): Request => ({
  requestId: { counter, nonce: 77 },
  serviceId: 1,
  postage: mills(780),
  mailingDate: TODAY,
  destination: 202601234,
  ...changes,
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

test.each<[string, Partial<Request>, string, number]>([
  ['above the funds', { serviceId: KEYED_IN, postage: mills(90_000) }, 'insufficientFunds', 21_000],
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
])('an indicium %s is refused and nothing changes', async (_name, changes, status, detail) => {
  await using meter = await meterAt('refilled');
  const user = await meter.loggedIn('user');
  await user.createIndicium(wish(1, { serviceId: KEYED_IN, postage: mills(31_000) }));
  const before = await user.registers();

  await expect(user.createIndicium(wish(2, changes))).rejects.toMatchObject({ status, detail });

  expect(await user.registers()).toEqual(before);
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

test.each([
  ['another amount', { serviceId: KEYED_IN, postage: mills(781) }],
  ['another destination', { destination: 1 }],
  ['another date', { mailingDate: TODAY + 1 }],
])('a request id that was used is refused for %s', async (_name, changes) => {
  await using meter = await meterAt('refilled');
  const user = await meter.loggedIn('user');
  await user.createIndicium(wish(5));

  await expect(user.createIndicium(wish(5, changes))).rejects.toMatchObject({
    status: 'requestIdReused',
  });
});

test('a request id that is behind the last one and not on record is never charged', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.loggedIn('user');
  await user.createIndicium(wish(5));

  for (const requestId of [
    { counter: 4, nonce: 77 },
    { counter: 5, nonce: 78 },
  ])
    await expect(user.createIndicium(wish(5, { requestId }))).rejects.toMatchObject({
      status: 'requestForgotten',
    });

  expect(await user.registers()).toMatchObject({ pieceCount: 1 });
});

test('a request id cannot use up the numbers', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.loggedIn('user');

  await expect(user.createIndicium(wish(0xffff_ffff))).rejects.toMatchObject({
    status: 'requestIdTooFar',
  });
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
  await using meter = await meterAt('refilled');
  meter.clock.set(Date.UTC(2027, 0, 1, 12));
  const mailing = { mailingDate: 20270101 };

  await expect(
    (await meter.loggedIn('user')).createIndicium(wish(1, mailing)),
  ).rejects.toMatchObject({ status: 'rateTableMissing' });
  const officer = await meter.loggedIn('cryptoOfficer');
  await officer.installRateTable(rateTable({ version: 2, validFrom: 20270101, validTo: 20271231 }));

  const { indicium } = await (await meter.loggedIn('user')).createIndicium(wish(1, mailing));
  expect(readIndicium(indicium)).toMatchObject({ ok: true, value: { rateCategory: 2 } });
});

test('when the certificate has expired there is no indicium', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.loggedIn('user');
  meter.clock.set(Date.UTC(2031, 0, 1, 12));

  await expect(user.createIndicium(wish(1, { mailingDate: 20310101 }))).rejects.toMatchObject({
    status: 'certificateExpired',
  });
});

test('a power cut at any operation of an indicium: charged or not, and the same one in the end', async () => {
  const outcomes = new Set<number>();
  for (const operation of [0, 1])
    for (const tornBytes of [0, 16, 128, 143]) {
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
