/** What a meter gets at each contact, one step or all of them, and again after whatever was lost (requirements.md F8). */

import { describe, expect, onTestFinished, test } from 'vitest';
import { setClock } from '#driver/contact/clock';
import {
  type ContactEvent,
  contact,
  contactSteps,
  locksIn,
  warningsIn,
} from '#driver/contact/contact';
import { inspect } from '#driver/contact/inspection';
import { applyLatestOrder } from '#driver/contact/orders';
import { renewLicence, renewRates } from '#driver/contact/renewal';
import { exportLog, readLogRecords } from '#driver/contact/security-log';
import { LinkError } from '#driver/errors';
import { memoryLink } from '#driver/link/memory';
import { logIn } from '#driver/log-in';
import { type Meter, openMeter } from '#driver/meter';
import { ratesOf } from '#driver/price';
import { connectMemory } from '#emulator/ports/memory';
import { mills } from '#protocol/mills';
import { TEST_TIME_MS } from '#test/support/board';
import {
  authorityKeys,
  hostKeys,
  licence,
  meterAt,
  meterId,
  passwords,
  rateTable,
  type Stage,
  type TestMeter,
} from '#test/support/meter';
import { lockOrder, openOffices } from '#test/support/offices';
import { failureOf } from '#test/support/settle';

const HOUR_MS = 3_600_000;

async function meterOf(stage: Stage = 'refilled'): Promise<TestMeter> {
  const meter = await meterAt(stage);
  onTestFinished(() => meter[Symbol.asyncDispose]());
  return meter;
}

/** A session with the user logged in that does not wait long for a meter without power. */
async function impatient({ board }: TestMeter): Promise<Meter> {
  const trust = { authorityKey: authorityKeys.publicKey, meterId };
  const options = { identity: hostKeys.user, role: 'user', trust, timeoutMs: 500 } as const;
  const meter = await openMeter(memoryLink(connectMemory(board)), options);
  await logIn(meter, passwords.user());
  return meter;
}

describe('a contact', () => {
  test('with everything as it should be changes nothing but what the authority has seen', async () => {
    const device = await meterOf();
    const meter = await device.loggedIn('user');
    const offices = openOffices();
    const before = await meter.registers();

    const { results, failures, condition } = await contact(meter, offices);

    expect([...failures]).toEqual([]);
    expect(results).toMatchObject({
      orders: { outcome: 'none' },
      clock: { outcome: 'right' },
      refill: undefined,
      licence: { outcome: 'latest' },
      rates: [],
      inspection: { accepted: true },
    });
    expect(await meter.registers()).toEqual(before);
    expect(condition).toMatchObject({ logAcknowledged: condition.logCount });
    expect(offices.log.map(({ count }) => count)).toEqual(
      Array.from({ length: condition.logCount }, (_, at) => at + 1),
    );
  });

  test('finishes a refill, brings orders, licence and both rate tables, and tells each step', async () => {
    const device = await meterOf();
    const user = await device.loggedIn('user');
    const offices = openOffices();
    await user.refillRequest({ kind: 'purchase', account: 'certificate', amount: mills(5_000) });
    offices.rules.order = lockOrder({ action: 'lock', reason: 'duplicate' });
    offices.rules.rates = rateTable({ version: 11 });
    offices.rules.nextRates = rateTable({ version: 12, validFrom: 20260401 });
    offices.rules.licence = licence({ sequence: 2 });
    const events: ContactEvent[] = [];

    const { results, condition } = await contact(user, offices, {
      onEvent: (event) => events.push(event),
    });

    expect(results).toMatchObject({
      orders: { outcome: 'applied', action: 'lock', reason: 'duplicate' },
      refill: { outcome: 'credited', registers: { certificateDescending: 5_000 } },
      licence: { outcome: 'needsOfficer', sequence: 2 },
      rates: [{ version: 11 }, { version: 12, validFrom: 20260401 }],
    });
    expect(condition).toMatchObject({ rateVersion: 11, nextRateVersion: 12, lockSequence: 1 });
    expect(locksIn(condition)).toEqual(['locked']);
    const steps = events.filter((event) => 'result' in event).map(({ step }) => step);
    expect(steps).toEqual(contactSteps.filter((step) => step !== 'autoRefill'));
    expect(events.find((event) => 'read' in event)).toMatchObject({ read: expect.any(Number) });
  });

  test('by the crypto officer renews the licence, and leaves the refill to the user', async () => {
    const device = await meterOf();
    const officer = await device.loggedIn('cryptoOfficer');
    const offices = openOffices();
    offices.rules.licence = licence({ sequence: 2, validTo: 20311231 });

    const { results } = await contact(officer, offices, { steps: ['licence'] });

    expect(results).toEqual({ licence: { outcome: 'renewed', sequence: 2, validTo: 20311231 } });
    expect((await officer.condition()).licenceSequence).toBe(2);
    expect(offices.asked).toEqual(['licence']);
  });

  test('goes on behind a step that fails, and the next contact does what is missing', async () => {
    const device = await meterOf();
    const meter = await device.loggedIn('user');
    const offices = openOffices();
    offices.rules.rates = rateTable({ version: 11 });
    offices.rules.onQuestion = (name) => {
      if (name === 'currentRateTable' || name === 'lockOrder')
        throw new Error('the office is shut');
    };

    const first = await contact(meter, offices);
    offices.rules.onQuestion = () => undefined;
    const second = await contact(meter, offices);

    expect([...first.failures.keys()]).toEqual(['orders', 'rates']);
    expect(first.results.inspection).toMatchObject({ accepted: true });
    expect(second.failures.size).toBe(0);
    expect(second.results.rates).toMatchObject([{ version: 11 }]);
  });

  test('that is lost in the middle is done again from wherever it was', async () => {
    const offices = openOffices();
    offices.rules.rates = rateTable({ version: 11 });
    offices.rules.order = lockOrder();
    const device = await meterOf();
    const user = await device.loggedIn('user');
    await user.refillRequest({ kind: 'purchase', account: 'postal', amount: mills(5_000) });
    const questions = 8;
    let failures = 0;

    for (let lost = 1; lost <= questions; lost++) {
      const meter = await impatient(device);
      let count = 0;
      offices.rules.onQuestion = () => {
        count += 1;
        if (count === lost) device.flash.losePowerAfter(0);
      };
      const outcome = await contact(meter, offices).catch((error: unknown) => error);
      if (outcome instanceof LinkError) failures += 1;
      device.flash.losePowerAfter(Number.MAX_SAFE_INTEGER);
      device.board.powerOn();
      await (await impatient(device)).testPrint(true);
    }
    offices.rules.onQuestion = () => undefined;
    const last = await contact(await impatient(device), offices);

    expect(failures).toBeGreaterThan(4); // or nothing was tried
    expect([...last.failures]).toEqual([]);
    const after = await (await device.session('user')).registers();
    expect(after).toMatchObject({ descending: 105_000, credited: 105_000, refillPending: 0 });
    expect(last.condition).toMatchObject({ rateVersion: 11, lockSequence: 1 });
    expect(last.condition.logAcknowledged).toBe(last.condition.logCount);
  });

  test('buys by itself where the funds are low, and only then', async () => {
    const device = await meterOf();
    const meter = await device.loggedIn('user');
    const offices = openOffices();
    const autoRefill = { below: mills(100_001), amount: mills(20_000) };

    const first = await contact(meter, offices, { autoRefill });
    const second = await contact(meter, offices, { autoRefill });

    expect(first.results.autoRefill).toMatchObject({
      outcome: 'credited',
      registers: { descending: 120_000 },
    });
    expect(second.results.autoRefill).toBeUndefined();
    expect((await meter.registers()).descending).toBe(120_000);
  });

  test('ends when it is told to', async () => {
    const device = await meterOf();
    const meter = await device.loggedIn('user');
    const offices = openOffices();
    const stop = new AbortController();
    offices.rules.onQuestion = () => stop.abort();

    const error = await failureOf(contact(meter, offices, { signal: stop.signal }));

    expect(error).toMatchObject({ name: 'AbortError' });
    expect(offices.asked).toHaveLength(1);
  });
});

describe('a full security log', () => {
  /** Each quality print is a record. */
  async function fill(device: TestMeter): Promise<void> {
    const meter = await device.loggedIn('user');
    for (;;) {
      const error = await meter.testPrint(true).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error !== undefined) return expect(error).toMatchObject({ status: 'logFull' });
    }
  }

  test('is exported first, and everything else is done behind it', async () => {
    const device = await meterOf();
    await fill(device);
    const offices = openOffices();
    offices.rules.rates = rateTable({ version: 11 });
    const meter = await device.session('user');
    const before = await meter.condition();
    expect(await failureOf(meter.logIn(passwords.user()))).toMatchObject({ status: 'logFull' });

    const { results, failures, condition } = await contact(meter, offices, {
      logIn: () => meter.logIn(passwords.user()).then(() => undefined),
    });

    expect(locksIn(before)).toEqual(['logFull']);
    expect([...failures]).toEqual([]);
    expect(offices.asked.slice(0, 2)).toEqual(['authorityKeys', 'askForReport']);
    expect(results.rates).toMatchObject([{ version: 11 }]);
    expect(locksIn(condition)).toEqual([]);
    expect(condition.logFree).toBeGreaterThan(60);
  });
});

describe('the clock', () => {
  test('that was never set is set by the authority or by the provider', async () => {
    for (const office of ['authority', 'provider'] as const) {
      const device = await meterOf();
      device.clock.loseTrust();
      const meter = await device.loggedIn('user');
      const offices = openOffices();
      offices.rules.nowMs = TEST_TIME_MS + HOUR_MS;

      const outcome = await setClock(meter, offices[office]);

      expect(outcome).toEqual({ outcome: 'set', beforeMs: 0, officeMs: TEST_TIME_MS + HOUR_MS });
      expect((await meter.status()).timeMs).toBe(TEST_TIME_MS + HOUR_MS);
    }
  });

  test.each([
    [2_000, 'right', 0],
    [2_001, 'set', 1],
  ])('%i ms off is %s: %i records in the log', async (off, outcome, records) => {
    const device = await meterOf();
    const meter = await device.loggedIn('user');
    const offices = openOffices();
    offices.rules.nowMs = TEST_TIME_MS + off;
    const { logCount } = await meter.condition();

    expect(await setClock(meter, offices.authority)).toMatchObject({ outcome });
    expect((await meter.condition()).logCount).toBe(logCount + records);
  });
});

describe('orders', () => {
  test('are applied once, and an earlier one never', async () => {
    const device = await meterOf();
    const meter = await device.session('user');
    const offices = openOffices();
    offices.rules.order = lockOrder({ sequence: 5, action: 'lock' });
    const first = await applyLatestOrder(meter, offices.authority);
    const again = await applyLatestOrder(meter, offices.authority);
    offices.rules.order = lockOrder({ sequence: 4, action: 'unlock' });
    const earlier = await applyLatestOrder(meter, offices.authority);
    offices.rules.order = lockOrder({ sequence: 6, action: 'unlock' });
    const later = await applyLatestOrder(meter, offices.authority);

    expect([first, again, earlier, later].map(({ outcome }) => outcome)).toEqual([
      'applied',
      'known',
      'known',
      'applied',
    ]);
    expect(locksIn(await meter.condition())).toEqual([]);
  });
});

describe('rates', () => {
  test('of today and of the day on which they change, each once', async () => {
    const device = await meterOf();
    const meter = await device.loggedIn('user');
    const offices = openOffices();
    offices.rules.nextRates = rateTable({ version: 9, validFrom: 20260302 });

    const first = await renewRates(meter, offices.authority);
    const again = await renewRates(meter, offices.authority);
    const today = await ratesOf(meter);
    device.clock.advance(24 * HOUR_MS);
    const tomorrow = await ratesOf(meter);

    expect(first).toEqual([{ version: 9, validFrom: 20260302 }]);
    expect(again).toEqual([]);
    expect([today.current?.version, today.next?.version]).toEqual([1, 9]);
    expect([tomorrow.current?.version, tomorrow.next?.version]).toEqual([9, undefined]);
  });
});

test('a licence is renewed by its sequence', async () => {
  const device = await meterOf();
  const officer = await device.loggedIn('cryptoOfficer');
  const offices = openOffices();

  const latest = await renewLicence(officer, offices.authority);
  offices.rules.licence = licence({ sequence: 7 });
  const renewed = await renewLicence(officer, offices.authority);

  expect([latest.outcome, renewed.outcome]).toEqual(['latest', 'renewed']);
});

describe('an inspection', () => {
  test('hands over what the authority does not have, in as many parts as it takes', async () => {
    const device = await meterOf();
    const meter = await device.loggedIn('user');
    const offices = openOffices();
    for (let print = 0; print < 100; print++) await meter.testPrint(true);
    const first = await inspect(meter, offices.authority);
    await meter.testPrint(true);

    const second = await inspect(meter, offices.authority);

    expect(first.exported).toBeGreaterThan(100);
    expect(second.exported).toBe(1);
    expect(offices.log.at(-1)).toMatchObject({ event: 'qualityPrint' });
  });

  test('that is not accepted changes nothing in the meter', async () => {
    const device = await meterOf();
    const meter = await device.session('user');
    const offices = openOffices();
    offices.rules.accepts = false;
    const before = await meter.condition();

    const { accepted, checks } = await inspect(meter, offices.authority);

    expect(accepted).toBe(false);
    expect(checks).toMatchObject([{ outcome: 'fail' }]);
    expect(await meter.condition()).toEqual(before);
  });

  test('ends the lock of a meter that was not inspected for too long', async () => {
    const device = await meterOf();
    device.clock.advance(121 * 24 * HOUR_MS);
    const meter = await device.session('user');
    const offices = openOffices();
    offices.rules.nowMs = TEST_TIME_MS + 121 * 24 * HOUR_MS;
    expect(locksIn(await meter.condition())).toEqual(['inspectionOverdue']);
    expect(warningsIn(await meter.condition())).toContain('inspectionDue');

    await inspect(meter, offices.authority);

    expect(locksIn(await meter.condition())).toEqual([]);
  });
});

test('the log is read from any number on, to any number', async () => {
  const device = await meterOf();
  const meter = await device.loggedIn('user');
  for (let print = 0; print < 20; print++) await meter.testPrint(true);
  const { logCount } = await meter.condition();

  const counts: number[] = [];
  for await (const { count } of readLogRecords(meter, { from: 5, to: 12 })) counts.push(count);
  const whole = await exportLog(meter);
  const none = await exportLog(meter, { from: logCount + 1 });

  expect(counts).toEqual([5, 6, 7, 8, 9, 10, 11, 12]);
  expect(whole).toMatchObject({ from: 1 });
  expect(whole.records).toHaveLength(64 * logCount);
  expect(none.records).toHaveLength(0);
});
