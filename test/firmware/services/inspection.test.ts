/**
 * The inspection timer: warns, locks, and begins anew by an acknowledged inspection or a refill only (requirements.md A8, A9;
 * domain.md R24-R26).
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { inspectionProfiles, type LicenceFields } from '#protocol/documents/licence';
import { encodeMeterId } from '#protocol/documents/meter-id';
import { LOG_RECORD_SIZE, logChain } from '#protocol/documents/security-log';
import { mills } from '#protocol/mills';
import { TEST_TIME_MS } from '#test/support/board';
import { letter } from '#test/support/mail';
import {
  authorisation,
  FUNDS,
  flashAfter,
  licence,
  meterAt,
  meterId,
  meterWith,
  providerKeys,
  purchase,
  rateTable,
  type TestMeter,
} from '#test/support/meter';
import { expectRefused } from '#test/support/refusal';
import { acknowledge, acknowledgement, historyOf, inspected } from '#test/support/security-log';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const licensed = (fields: Partial<LicenceFields>) =>
  flashAfter('refilled', async (meter) => {
    const officer = await meter.loggedIn('cryptoOfficer');
    await officer.register(licence({ sequence: 2, validTo: 20301231, ...fields }));
    await officer.installRateTable(rateTable({ version: 2, validTo: 20301231 }));
  });

/** A letter for the day of the clock, which a number of days leads to. */
const dayOf = (days: number): number => {
  const day = new Date(TEST_TIME_MS + days * DAY_MS);
  return day.getUTCFullYear() * 10_000 + (day.getUTCMonth() + 1) * 100 + day.getUTCDate();
};

describe.each([
  ['quarter', 90, 120],
  ['month', 21, 28],
  ['threeDays', 2, 3],
] as const)('the profile %s', (profile, warnDays, lockDays) => {
  const flash = licensed(inspectionProfiles[profile]);

  test(`warns after ${warnDays} days, locks after ${lockDays}, to the millisecond`, async () => {
    await using meter = meterWith(await flash());
    const user = await meter.loggedIn('user');
    const told = async () => {
      const { warnings, locks } = await user.condition();
      return [warnings.inspectionDue, locks.inspectionOverdue];
    };
    meter.clock.advance(warnDays * DAY_MS - 1);
    expect(await told()).toEqual([false, false]);
    meter.clock.advance(1);
    expect(await told()).toEqual([true, false]);
    meter.clock.advance((lockDays - warnDays) * DAY_MS - 1);
    expect(await told()).toEqual([true, false]);
    await user.createIndicium(letter(1, { mailingDate: dayOf(lockDays) }));

    meter.clock.advance(1);

    expect(await told()).toEqual([true, true]);
    const piece = letter(2, { mailingDate: dayOf(lockDays) });
    await expectRefused(meter, () => user.createIndicium(piece), 'inspectionOverdue', 0);
    meter.clock.advance(5 * HOUR_MS);
    await expectRefused(meter, () => user.createIndicium(piece), 'inspectionOverdue', 5);

    await acknowledge(user);

    expect(await told()).toEqual([false, false]);
    await user.createIndicium(piece);
    expect(await user.registers()).toMatchObject({ pieceCount: 2 });
  });
});

describe('a meter that is overdue', () => {
  const flash = licensed(inspectionProfiles.threeDays);
  let meter: TestMeter;
  let user: Meter;
  beforeAll(async () => {
    meter = meterWith(await flash());
    user = await meter.loggedIn('user');
    meter.clock.advance(3 * DAY_MS);
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('answers all that leads out of it, and all that only tells', async () => {
    expect(await user.status()).toMatchObject({ state: 'idle', fault: 0 });
    expect(await user.condition()).toMatchObject({ locks: { inspectionOverdue: true } });
    expect(await user.registers()).toMatchObject({ descending: FUNDS });
    expect(await inspected(user)).toMatchObject({ locks: { inspectionOverdue: true } });
    expect((await historyOf(user)).length).toBeGreaterThan(4);
  });

  test('is not let go by another licence, by a rate table, by power', async () => {
    const officer = await meter.loggedIn('cryptoOfficer');
    await officer.register(licence({ ...inspectionProfiles.threeDays, sequence: 3 }));
    await officer.installRateTable(rateTable({ version: 3 }));
    meter.board.powerOff();
    meter.board.powerOn();
    user = await meter.loggedIn('user');

    await expectRefused(meter, () => user.createIndicium(letter(1)), 'inspectionOverdue', 0);
  });

  test('is not let go by a refill that is asked for, nor by one that is declined', async () => {
    const wish = purchase(mills(1_000));
    const { request } = await user.refillRequest(wish);
    await expectRefused(meter, () => user.createIndicium(letter(1)), 'inspectionOverdue', 0);
    await user.refillCommit(
      authorisation(request, { amount: mills(0), reason: 'accountClosed', available: mills(0) }),
    );

    await expectRefused(meter, () => user.createIndicium(letter(1)), 'inspectionOverdue', 0);
  });

  test('is let go by a refill that is credited', async () => {
    const { request } = await user.refillRequest(purchase(mills(1_000)));
    await user.refillCommit(authorisation(request));

    await user.createIndicium(letter(1, { mailingDate: dayOf(3) }));

    expect(await user.condition()).toMatchObject({
      locks: { inspectionOverdue: false },
      inspectionLockMs: TEST_TIME_MS + 6 * DAY_MS,
    });
  });
});

describe('an acknowledgement', () => {
  let meter: TestMeter;
  let user: Meter;
  beforeAll(async () => {
    meter = await meterAt('refilled');
    user = await meter.session('user');
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('without a report before it is refused', async () => {
    const report = await inspected(user);
    meter.board.powerOff();
    meter.board.powerOn();
    user = await meter.session('user');

    await expectRefused(
      meter,
      () => user.acknowledgeInspection(acknowledgement(report)),
      'challengeUnknown',
    );
  });

  test('of an earlier report is refused', async () => {
    const earlier = await inspected(user);
    await inspected(user);

    await expectRefused(
      meter,
      () => user.acknowledgeInspection(acknowledgement(earlier)),
      'challengeUnknown',
    );
  });

  test.each<[string, Parameters<typeof acknowledgement>[1], string]>([
    [
      'for another meter',
      { meterId: encodeMeterId({ model: 'TS01', serial: 43 }) },
      'documentForOtherMeter',
    ],
    ['of more records than there are', { logCount: 6 }, 'documentMismatch'],
    ['of a log that reached another head', { logHead: new Uint8Array(16) }, 'documentMismatch'],
    ['of fewer records with that head', { logCount: 4 }, 'documentMismatch'],
    ['of no record before the first with a head of its own', { logCount: 1 }, 'documentMismatch'],
  ])('%s is refused', async (_name, changes, status) => {
    const answer = acknowledgement(await inspected(user), changes);

    await expectRefused(meter, () => user.acknowledgeInspection(answer), status);
  });

  test('that the provider signed is refused', async () => {
    const answer = acknowledgement(await inspected(user), {}, providerKeys);

    await expectRefused(meter, () => user.acknowledgeInspection(answer), 'signatureInvalid');
  });

  test('is taken once', async () => {
    const answer = acknowledgement(await inspected(user));
    await user.acknowledgeInspection(answer);
    expect(await user.condition()).toMatchObject({ logCount: 5, logAcknowledged: 5 });

    await expectRefused(meter, () => user.acknowledgeInspection(answer), 'challengeUnknown');
  });

  test('of fewer records than before is refused: what was acknowledged stays so', async () => {
    const { records } = await user.readLog(4);
    const earlier = { logCount: 4, logHead: logChain(records.subarray(0, LOG_RECORD_SIZE)) };
    const answer = acknowledgement(await inspected(user), earlier);

    await expectRefused(meter, () => user.acknowledgeInspection(answer), 'documentMismatch');
  });

  test('of a part of the log is taken where the head is the one that it had', async () => {
    const logged = await meter.loggedIn('user');
    await logged.testPrint(true);
    const between = await inspected(logged);
    await logged.testPrint(true);
    const report = await inspected(logged);
    expect(report.logCount).toBe(7);

    const { logCount, logHead } = between;
    await logged.acknowledgeInspection(acknowledgement(report, { logCount, logHead }));

    expect(await logged.condition()).toMatchObject({ logCount: 7, logAcknowledged: 6 });
    expect(meterId).toEqual(report.meterId);
  });

  test('of nothing new is taken too: the timer begins anew', async () => {
    meter.clock.advance(DAY_MS);
    const logged = await meter.loggedIn('user');
    const { logAcknowledged, ...report } = await inspected(logged);

    await logged.acknowledgeInspection(
      acknowledgement({ ...report, logAcknowledged }, { logCount: logAcknowledged }),
    );

    expect(await logged.condition()).toMatchObject({
      logAcknowledged: 6,
      inspectionDueMs: TEST_TIME_MS + 91 * DAY_MS,
    });
  });

  test('without a trusted clock frees the log, and leaves the timer as it was', async () => {
    const logged = await meter.loggedIn('user');
    const { inspectionDueMs } = await logged.condition();
    meter.clock.loseTrust();

    await acknowledge(logged);

    expect(await logged.condition()).toMatchObject({ logAcknowledged: 7, inspectionDueMs });
  });
});

test('the first licence starts the timer, and no later one', async () => {
  await using meter = await meterAt('made');
  const officer = await meter.loggedIn('cryptoOfficer');
  meter.clock.advance(400 * DAY_MS);
  const startMs = TEST_TIME_MS + 400 * DAY_MS;
  await officer.register(licence());
  expect(await officer.condition()).toMatchObject({ inspectionDueMs: startMs + 90 * DAY_MS });
  meter.clock.advance(10 * DAY_MS);

  await officer.register(licence({ sequence: 2 }));

  expect(await officer.condition()).toMatchObject({
    inspectionDueMs: startMs + 90 * DAY_MS,
    qualityDueMs: startMs + 91 * DAY_MS,
  });
});
