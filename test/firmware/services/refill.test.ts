/** Refills through the driver, on the real image: exactly once, whatever happens (requirements.md B6; domain.md R12-R16). */

import { expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { encodeMeterId } from '#protocol/documents/meter-id';
import { type RefillAuthorisation, verifyRefillRequest } from '#protocol/documents/refill';
import { mills } from '#protocol/mills';
import { letter } from '#test/support/mail';
import {
  authorisation,
  authorityKeys,
  DESCENDING_MAX,
  FUNDS,
  licence,
  meterAt,
  purchase,
} from '#test/support/meter';

const HUNDRED = mills(100_000);

test('a request is signed by the device and holds both registers, a nonce and the next sequence', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.loggedIn('user');
  const deviceKey = user.server?.publicKey as Uint8Array;

  const { request } = await user.refillRequest(purchase(HUNDRED));

  expect(verifyRefillRequest(nodeCrypto, deviceKey, request)).toMatchObject({
    ok: true,
    value: { sequence: 2, amount: HUNDRED, ascending: 0, descending: FUNDS, pieceCount: 0 },
  });
});

test('an authorisation credits once, however often it comes', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.loggedIn('user');
  const { request } = await user.refillRequest(purchase(HUNDRED));
  const answer = authorisation(request);

  for (let time = 0; time < 3; time++) {
    const { credited, registers } = await user.refillCommit(answer);
    expect(credited).toBe(HUNDRED);
    expect(registers).toMatchObject({ descending: FUNDS + HUNDRED, refillPending: 0 });
  }
});

test('a request that is repeated is the same one, also after power-up, and the amount stays frozen', async () => {
  await using meter = await meterAt('refilled');
  const first = await (await meter.loggedIn('user')).refillRequest(purchase(HUNDRED));
  meter.board.powerOff();
  meter.board.powerOn();
  const user = await meter.loggedIn('user');

  const again = await user.refillRequest(purchase(HUNDRED));

  expect(again.request.subarray(0, 30)).toEqual(first.request.subarray(0, 30));
  await expect(user.refillRequest(purchase(mills(1000)))).rejects.toMatchObject({
    status: 'refillPending',
    detail: HUNDRED,
  });
  await user.refillCommit(authorisation(first.request));
  expect(await user.registers()).toMatchObject({ descending: FUNDS + HUNDRED });
});

test('an authorisation that was under way while pieces were printed is credited', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.loggedIn('user');
  const { request } = await user.refillRequest(purchase(HUNDRED));
  await user.createIndicium(letter(1));

  await user.refillCommit(authorisation(request));

  expect(await user.registers()).toMatchObject({
    ascending: 780,
    descending: FUNDS + HUNDRED - 780,
  });
});

test('a provider that declines ends the refill under way and credits nothing', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.loggedIn('user');
  const { request } = await user.refillRequest(purchase(HUNDRED));
  const no = { amount: mills(0), reason: 'insufficientAccountFunds' } as const;

  const { credited, registers } = await user.refillCommit(authorisation(request, no));

  expect(credited).toBe(0);
  expect(registers).toMatchObject({ descending: FUNDS, refillPending: 0 });
  expect((await user.refillRequest(purchase(mills(5)))).request.length).toBeGreaterThan(64);
});

const another = { meterId: encodeMeterId({ model: 'TS01', serial: 43 }) };

test.each<[string, Partial<RefillAuthorisation>, string]>([
  ['for another meter', another, 'documentForOtherMeter'],
  ['with another nonce', { nonce: new Uint8Array(8) }, 'documentMismatch'],
  ['with an older sequence', { sequence: 1 }, 'documentMismatch'],
  ['with a later sequence', { sequence: 3 }, 'documentMismatch'],
  [
    'for more than was asked',
    { amount: mills(200_000), requestedAmount: mills(200_000) },
    'documentMismatch',
  ],
  ['for the other account', { account: 'certificate' }, 'documentMismatch'],
  ['for another reason', { kind: 'spoilage' }, 'documentMismatch'],
  ['for registers with another sum', { descending: mills(FUNDS + 1) }, 'documentMismatch'],
])('an authorisation %s is refused and nothing changes', async (_name, changes, status) => {
  await using meter = await meterAt('refilled');
  const user = await meter.loggedIn('user');
  const { request } = await user.refillRequest(purchase(HUNDRED));
  const before = await user.registers();

  await expect(user.refillCommit(authorisation(request, changes))).rejects.toMatchObject({
    status,
  });

  expect(await user.registers()).toEqual(before);
});

test('an authorisation that somebody else signed is refused', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.loggedIn('user');
  const { request } = await user.refillRequest(purchase(HUNDRED));

  await expect(user.refillCommit(authorisation(request, {}, authorityKeys))).rejects.toMatchObject({
    status: 'signatureInvalid',
  });
});

test('an authorisation that nobody asked for is refused', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.loggedIn('user');
  const { request } = await user.refillRequest(purchase(HUNDRED));
  const answer = authorisation(request);
  await user.refillCommit(answer);
  const next = await user.refillRequest(purchase(mills(7_000)));
  await user.refillCommit(authorisation(next.request));

  await expect(user.refillCommit(answer)).rejects.toMatchObject({ status: 'noRefillPending' });

  expect(await user.registers()).toMatchObject({ descending: FUNDS + HUNDRED + 7_000 });
});

test.each([
  [mills(0), 'amountInvalid', 0],
  [mills(DESCENDING_MAX - FUNDS + 1), 'refillAboveMaximum', DESCENDING_MAX - FUNDS],
])('a refill of %i is refused: %s', async (amount, status, detail) => {
  await using meter = await meterAt('refilled');
  const user = await meter.loggedIn('user');

  await expect(user.refillRequest(purchase(amount))).rejects.toMatchObject({ status, detail });

  expect(await user.registers()).toMatchObject({ refillPending: 0, refillSequence: 1 });
});

test('a new licence may raise the maximum', async () => {
  await using meter = await meterAt('refilled');
  const officer = await meter.loggedIn('cryptoOfficer');
  await officer.register(licence({ sequence: 2, descendingMax: mills(DESCENDING_MAX + 1) }));
  const user = await meter.loggedIn('user');

  await user.refillRequest(purchase(mills(DESCENDING_MAX - FUNDS + 1)));

  expect(await user.registers()).toMatchObject({ descendingMax: DESCENDING_MAX + 1 });
});

test('while a refill is under way no licence is taken: its answer is signed for the provider of this one', async () => {
  await using meter = await meterAt('refilled');
  const { request } = await (await meter.loggedIn('user')).refillRequest(purchase(HUNDRED));
  const officer = await meter.loggedIn('cryptoOfficer');

  await expect(officer.register(licence({ sequence: 2 }))).rejects.toMatchObject({
    status: 'refillPending',
    detail: HUNDRED,
  });

  const user = await meter.loggedIn('user');
  await user.refillCommit(authorisation(request));
  await (await meter.loggedIn('cryptoOfficer')).register(licence({ sequence: 2 }));
});

test('a power cut at any operation of a refill: credited once in the end', async () => {
  for (const operation of [0, 1, 2, 3])
    for (const tornBytes of [0, 32, 128, 255]) {
      await using meter = await meterAt('refilled');
      const user = await meter.loggedIn('user');
      meter.flash.losePowerAfter(operation, { tornBytes });
      const refilling = user
        .refillRequest(purchase(HUNDRED), { timeoutMs: 20 })
        .then(({ request }) => user.refillCommit(authorisation(request), { timeoutMs: 20 }));
      await expect(refilling).rejects.toBeDefined();
      meter.board.powerOff();
      meter.flash.restorePower();
      meter.board.powerOn();

      const after = await meter.loggedIn('user');
      const { descending } = await after.registers();
      if (descending === FUNDS) {
        const { request } = await after.refillRequest(purchase(HUNDRED));
        await after.refillCommit(authorisation(request));
      }

      expect(await after.registers()).toMatchObject({
        descending: FUNDS + HUNDRED,
        credited: FUNDS + HUNDRED,
        refillPending: 0,
      });
    }
});
