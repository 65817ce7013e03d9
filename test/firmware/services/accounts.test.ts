/**
 * Separate, combined and current accounts through the driver, on the real image: what is bought, what comes back, what is
 * settled, and every limit on it (requirements.md B1, B2, B6, B7; domain.md R2, R11, R14, R15, R20, R29).
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import type { RequestOf } from '#protocol/command';
import type { LicenceFields } from '#protocol/documents/licence';
import { mills } from '#protocol/mills';
import { letter } from '#test/support/mail';
import {
  authorisation,
  CERTIFICATE_DESCENDING_MAX,
  DESCENDING_MAX,
  FUNDS,
  flashAfter,
  KEYED_IN,
  licence,
  meterAt,
  meterWith,
  purchase,
  rateTable,
  type TestMeter,
} from '#test/support/meter';
import { expectRefused } from '#test/support/refusal';

type Wish = RequestOf<'refillRequest'>;

/** A refill from beginning to end. */
async function refill(user: Meter, wish: Wish): Promise<void> {
  const { request } = await user.refillRequest(wish);
  await user.refillCommit(authorisation(request));
}

const keyed = (counter: number, amount: number) =>
  letter(counter, { serviceId: KEYED_IN, postage: mills(amount) });

/** A meter under a licence with other terms, and with a rate table. */
const licensed = (fields: Partial<LicenceFields>) =>
  flashAfter('made', async (meter) => {
    const officer = await meter.loggedIn('cryptoOfficer');
    await officer.register(licence(fields));
    await officer.installRateTable(rateTable());
  });

const oneAccount = { certificateDescendingMax: mills(0) } as const;
const currentFlash = licensed({
  ...oneAccount,
  accountKind: 'current',
  descendingMax: mills(5_000),
});
const combinedFlash = licensed({ ...oneAccount, accountKind: 'combined' });

const certificate = (amount: number): Wish => ({
  kind: 'purchase',
  account: 'certificate',
  amount: mills(amount),
});
const spoilage = (amount: number): Wish => ({
  kind: 'spoilage',
  account: 'postal',
  amount: mills(amount),
});
const settlement = (amount: number): Wish => ({
  kind: 'settlement',
  account: 'postal',
  amount: mills(amount),
});

describe('separate accounts', () => {
  let meter: TestMeter;
  let user: Meter;
  beforeAll(async () => {
    meter = await meterAt('refilled');
    user = await meter.loggedIn('user');
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('the certificate register is refilled for itself, up to its own maximum', async () => {
    await refill(user, certificate(150_000));

    expect(await user.registers()).toMatchObject({
      descending: FUNDS,
      credited: FUNDS,
      certificateDescending: 150_000,
      certificateCredited: 150_000,
      certificateDescendingMax: CERTIFICATE_DESCENDING_MAX,
    });
    await expectRefused(
      meter,
      () => user.refillRequest(certificate(50_001)),
      'refillAboveMaximum',
      50_000,
    );
    await refill(user, certificate(50_000));
    expect(await user.registers()).toMatchObject({
      certificateDescending: CERTIFICATE_DESCENDING_MAX,
    });
  });

  test.each<[string, Wish, string, number]>([
    [
      'one mill more for postage than fits',
      purchase(mills(400_001)),
      'refillAboveMaximum',
      400_000,
    ],
    [
      'spoilage for certificates',
      { ...spoilage(1), account: 'certificate' },
      'accountUnavailable',
      0,
    ],
    ['a settlement', settlement(1), 'accountUnavailable', 0],
    ['spoilage before anything was spent', spoilage(1), 'spoilageAboveCap', 0],
    ['nothing', purchase(mills(0)), 'amountInvalid', 0],
  ])('%s is refused', async (_name, wish, status, detail) => {
    await expectRefused(meter, () => user.refillRequest(wish), status, detail);
  });

  test('postage is not paid from the certificate register', async () => {
    await user.createIndicium(keyed(1, 80_000));

    await expectRefused(meter, () => user.createIndicium(keyed(2, 20_001)), 'insufficientFunds', 1);
    expect(await user.registers()).toMatchObject({ certificateDescending: 200_000 });
  });

  test('spoilage comes back up to one percent of what was spent, earlier ones counted, and never more', async () => {
    const { ascending, descending } = await user.registers();
    expect(ascending).toBe(80_000);
    await expectRefused(meter, () => user.refillRequest(spoilage(801)), 'spoilageAboveCap', 800);
    await refill(user, spoilage(300));
    await expectRefused(meter, () => user.refillRequest(spoilage(501)), 'spoilageAboveCap', 500);
    await refill(user, spoilage(500));

    await expectRefused(meter, () => user.refillRequest(spoilage(1)), 'spoilageAboveCap', 0);
    expect(await user.registers()).toMatchObject({
      ascending,
      descending: descending + 800,
      credited: FUNDS,
      spoilageCredited: 800,
    });
  });

  test.each<[string, Partial<Wish>]>([
    ['another kind', { kind: 'spoilage' }],
    ['the other account', { account: 'certificate' }],
    ['another amount', { amount: mills(1_001) }],
  ])('while a refill is under way, one of %s is refused', async (_name, changes) => {
    const wish = purchase(mills(1_000));
    const { request } = await user.refillRequest(wish);

    await expectRefused(
      meter,
      () => user.refillRequest({ ...wish, ...changes }),
      'refillPending',
      1_000,
    );

    const again = await user.refillRequest(wish);
    expect(again.request.subarray(0, 32)).toEqual(request.subarray(0, 32));
    expect(await user.condition()).toMatchObject({ warnings: { refillPending: true } });
    await user.refillCommit(
      authorisation(request, { amount: mills(0), reason: 'notApproved', available: mills(0) }),
    );
    expect(await user.condition()).toMatchObject({ warnings: { refillPending: false } });
  });

  test.each<[string, Parameters<typeof authorisation>[1]]>([
    ['of another kind', { kind: 'spoilage' }],
    ['for the other account', { account: 'certificate' }],
  ])('an authorisation %s credits nothing', async (_name, changes) => {
    const { request } = await user.refillRequest(purchase(mills(1_000)));

    await expectRefused(
      meter,
      () => user.refillCommit(authorisation(request, changes)),
      'documentMismatch',
    );
  });
});

describe('the limits of a refill', () => {
  const flash = licensed({
    refillMin: mills(1_000),
    refillMax: mills(50_000),
    refillMultiple: mills(500),
    lowFunds: mills(2_000),
  });

  test('least, most and multiple hold for what is bought, to the mill; low funds are told', async () => {
    await using meter = meterWith(await flash());
    const user = await meter.loggedIn('user');
    const refusals = [
      [500, 'refillBelowMinimum', 1_000],
      [999, 'refillBelowMinimum', 1_000],
      [1_001, 'amountInvalid', 0],
      [50_001, 'refillAboveMaximum', 50_000],
      [50_500, 'refillAboveMaximum', 50_000],
    ] as const;
    for (const [amount, status, detail] of refusals)
      await expectRefused(meter, () => user.refillRequest(purchase(mills(amount))), status, detail);
    const isLow = async () => (await user.condition()).warnings.lowFunds;
    expect(await isLow()).toBe(true);

    await refill(user, purchase(mills(1_000)));
    expect(await isLow()).toBe(true);
    await refill(user, purchase(mills(50_000)));

    expect(await isLow()).toBe(false);
    expect(await user.registers()).toMatchObject({ descending: 51_000, credited: 51_000 });
  });
});

describe('one account for both', () => {
  test('the postal register is the only one', async () => {
    await using meter = meterWith(await combinedFlash());
    const user = await meter.loggedIn('user');

    for (const wish of [certificate(1), settlement(1)])
      await expectRefused(meter, () => user.refillRequest(wish), 'accountUnavailable');
    await refill(user, purchase(mills(2_000)));
    await user.createIndicium(letter(1));

    expect(await user.registers()).toMatchObject({
      ascending: 780,
      descending: 1_220,
      certificateDescending: 0,
      certificateDescendingMax: 0,
    });
  });
});

describe('a current account', () => {
  let meter: TestMeter;
  let user: Meter;
  beforeAll(async () => {
    meter = meterWith(await currentFlash());
    user = await meter.loggedIn('user');
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('spends without being refilled, and nothing can be bought', async () => {
    for (const wish of [purchase(mills(1)), certificate(1), spoilage(1)])
      await expectRefused(meter, () => user.refillRequest(wish), 'accountUnavailable');

    await user.createIndicium(keyed(1, 4_200));

    expect(await user.registers()).toMatchObject({
      ascending: 4_200,
      descending: 0,
      credited: 4_200,
      settled: 0,
    });
    expect((await user.condition()).warnings.lowFunds).toBe(false);
  });

  test('stops at its limit, to the mill', async () => {
    await expectRefused(meter, () => user.createIndicium(keyed(2, 801)), 'creditLimitReached', 1);

    await user.createIndicium(keyed(2, 800));

    expect(await user.registers()).toMatchObject({ ascending: 5_000 });
    await expectRefused(meter, () => user.createIndicium(letter(3)), 'creditLimitReached', 780);
  });

  test('settles no more than was spent; what is settled can be spent again', async () => {
    await expectRefused(
      meter,
      () => user.refillRequest(settlement(5_001)),
      'refillAboveMaximum',
      5_000,
    );
    await expectRefused(meter, () => user.refillRequest(settlement(0)), 'amountInvalid');
    await refill(user, settlement(3_000));
    expect(await user.registers()).toMatchObject({
      ascending: 5_000,
      settled: 3_000,
      credited: 5_000,
    });

    await user.createIndicium(keyed(3, 3_000));

    expect(await user.registers()).toMatchObject({ ascending: 8_000, settled: 3_000 });
    await expectRefused(meter, () => user.createIndicium(letter(4)), 'creditLimitReached', 780);
  });

  test('a settlement is credited, once, though pieces were printed while its answer was under way', async () => {
    await refill(user, settlement(1_000));
    const { request } = await user.refillRequest(settlement(2_000));
    const answer = authorisation(request);
    await user.createIndicium(keyed(4, 500));

    for (let time = 0; time < 2; time++) await user.refillCommit(answer);

    expect(await user.registers()).toMatchObject({
      ascending: 8_500,
      credited: 8_500,
      settled: 6_000,
      refillPending: 0,
    });
  });
});

describe('a licence with another kind of account', () => {
  test('finds a prepaid meter settled, since what it spent was paid', async () => {
    await using meter = await meterAt('refilled');
    await (await meter.loggedIn('user')).createIndicium(keyed(1, 50_000));
    const officer = await meter.loggedIn('cryptoOfficer');
    await officer.register(
      licence({ ...oneAccount, sequence: 2, accountKind: 'current', descendingMax: mills(1_000) }),
    );
    const user = await meter.loggedIn('user');
    expect(await user.registers()).toMatchObject({ ascending: 50_000, settled: 50_000 });

    await user.createIndicium(keyed(2, 1_000));

    await expectRefused(meter, () => user.createIndicium(keyed(3, 200)), 'creditLimitReached', 200);
    expect(await user.registers()).toMatchObject({
      ascending: 51_000,
      descending: FUNDS - 50_000,
      credited: FUNDS + 1_000,
    });
  });

  test('is not taken while anything is unsettled, since nothing would settle it later', async () => {
    await using meter = meterWith(await currentFlash());
    await (await meter.loggedIn('user')).createIndicium(letter(1));
    const officer = await meter.loggedIn('cryptoOfficer');
    const prepaid = licence({ sequence: 2 });
    await expectRefused(meter, () => officer.register(prepaid), 'creditLimitReached', 780);
    const user = await meter.loggedIn('user');
    await refill(user, settlement(780));

    await (await meter.loggedIn('cryptoOfficer')).register(prepaid);

    await refill(await meter.loggedIn('user'), purchase(mills(DESCENDING_MAX)));
  });
});

describe('the limits of a day', () => {
  const flash = licensed({
    dayAmountMax: mills(2_000),
    dayPiecesMax: 3,
    accountKind: 'current',
    ...oneAccount,
  });
  const HALF_DAY_MS = 43_200_000;

  test('hold for postage and pieces until midnight UTC', async () => {
    await using meter = meterWith(await flash());
    const user = await meter.loggedIn('user');
    await user.createIndicium(keyed(1, 1_000));
    await expectRefused(
      meter,
      () => user.createIndicium(keyed(2, 1_001)),
      'dayLimitReached',
      HALF_DAY_MS,
    );
    await user.createIndicium(keyed(2, 500));
    await user.createIndicium(keyed(3, 200));
    await expectRefused(
      meter,
      () => user.createIndicium(keyed(4, 200)),
      'dayLimitReached',
      HALF_DAY_MS,
    );
    meter.clock.advance(HALF_DAY_MS - 1);
    await expectRefused(meter, () => user.createIndicium(keyed(4, 200)), 'dayLimitReached', 1);

    meter.clock.advance(1);
    const tomorrow = { mailingDate: 20260302 };
    await user.createIndicium({ ...keyed(4, 2_000), ...tomorrow });

    await expectRefused(
      meter,
      () => user.createIndicium({ ...keyed(5, 200), ...tomorrow }),
      'dayLimitReached',
      2 * HALF_DAY_MS,
    );
    expect(await user.registers()).toMatchObject({ ascending: 3_700, pieceCount: 4 });
  });
});
