/**
 * The secure clock through the driver, on the real image: whatever happens to it, the meter notices, stops, keeps that in
 * mind, and is set by those who may (requirements.md A8; domain.md R27).
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { encodeMeterId } from '#protocol/documents/meter-id';
import { type ClockSettingFields, issueClockSetting } from '#protocol/documents/orders';
import { mills } from '#protocol/mills';
import { TEST_TIME_MS } from '#test/support/board';
import { letter } from '#test/support/mail';
import {
  authorityKeys,
  FUNDS,
  hostKeys,
  licence,
  meterAt,
  meterId,
  providerKeys,
  purchase,
  rateTable,
  type TestMeter,
} from '#test/support/meter';
import { expectRefused } from '#test/support/refusal';
import { acknowledge, historyOf, inspected } from '#test/support/security-log';

const HOUR_MS = 3_600_000;

/** A setting that answers the question of now. */
async function setting(
  host: Meter,
  timeMs: number,
  changes: Partial<ClockSettingFields> = {},
  issuer = authorityKeys,
): Promise<Uint8Array> {
  const { challenge } = await host.challengeClock();
  return issueClockSetting(nodeCrypto, issuer, { meterId, challenge, timeMs, ...changes });
}

async function setClock(host: Meter, timeMs: number, issuer = authorityKeys): Promise<void> {
  await host.setClock(await setting(host, timeMs, {}, issuer));
}

/** What is done to the clock while power is off. */
function whileOff({ board, clock }: TestMeter, act: (clock: TestMeter['clock']) => void): void {
  board.powerOff();
  act(clock);
  board.powerOn();
}

const faults = async (host: Meter) => {
  const { locks } = await host.condition();
  return { trusted: !locks.clockNotTrusted, fault: locks.clockFault };
};
const NONE = { trusted: true, fault: false };
const FAULT = { trusted: false, fault: true };

/** How a clock goes wrong, and the time that it showed. */
const wrongs: readonly [string, (meter: TestMeter) => void, number][] = [
  [
    'set back while power is off',
    (meter) => whileOff(meter, (clock) => clock.set(TEST_TIME_MS - 1)),
    TEST_TIME_MS - 1,
  ],
  [
    'set back while it runs',
    ({ clock }) => {
      clock.advance(HOUR_MS);
      clock.set(TEST_TIME_MS + HOUR_MS - 10_000);
    },
    TEST_TIME_MS + HOUR_MS - 10_000,
  ],
  [
    'set ahead while it runs',
    ({ clock }) => clock.set(TEST_TIME_MS + 10_000),
    TEST_TIME_MS + 10_000,
  ],
];

describe.each(wrongs)('a clock that is %s', (_name, act, shownMs) => {
  let meter: TestMeter;
  let user: Meter;
  beforeAll(async () => {
    meter = await meterAt('refilled');
    await meter.loggedIn('user');
    act(meter);
    user = await meter.loggedIn('user');
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('is noticed before anything is answered, written down, and stops the meter', async () => {
    expect(await faults(user)).toEqual(FAULT);
    await expectRefused(meter, () => user.createIndicium(letter(1)), 'clockFault');
    expect(await user.status()).toMatchObject({ timeMs: 0, registers: { descending: FUNDS } });
    expect(await historyOf(user)).toMatchObject([
      ...new Array(5).fill({}),
      { event: 'clockFault', a: shownMs, timeMs: 0 },
    ]);
  });

  test('does not pass by itself: neither the right time nor power takes the lock away', async () => {
    whileOff(meter, (clock) => clock.set(TEST_TIME_MS + HOUR_MS));
    user = await meter.loggedIn('user');

    expect(await faults(user)).toEqual(FAULT);
    await expectRefused(meter, () => user.createIndicium(letter(1)), 'clockFault');
    expect((await historyOf(user)).filter(({ event }) => event === 'clockFault')).toHaveLength(1);
  });

  test('is set by the authority, and the meter goes on', async () => {
    const rightMs = TEST_TIME_MS + 2 * HOUR_MS;

    await setClock(user, rightMs);

    expect(await faults(user)).toEqual(NONE);
    expect(await user.status()).toMatchObject({ timeMs: rightMs });
    expect(await user.condition()).toMatchObject({ clockSetMs: rightMs });
    await user.createIndicium(letter(1));
    expect((await historyOf(user)).at(-1)).toMatchObject({
      event: 'clockSet',
      a: 0,
      b: rightMs,
      timeMs: 0,
    });
    whileOff(meter, (clock) => clock.advance(HOUR_MS));
    expect(await faults(await meter.anonymous())).toEqual(NONE);
  });
});

test('a fault while nobody asks is noticed all the same, and outlives a power cycle at once', async () => {
  await using meter = await meterAt('refilled');
  meter.clock.set(TEST_TIME_MS + 10_000);
  meter.board.tick();

  whileOff(meter, (clock) => clock.set(TEST_TIME_MS + HOUR_MS));

  expect(await faults(await meter.anonymous())).toEqual(FAULT);
});

describe('a clock that lost its battery', () => {
  test('locks without being a fault, and is set by the provider', async () => {
    await using meter = await meterAt('refilled');
    whileOff(meter, (clock) => clock.loseTrust());
    const user = await meter.loggedIn('user');
    expect(await faults(user)).toEqual({ trusted: false, fault: false });
    await expectRefused(meter, () => user.createIndicium(letter(1)), 'clockNotTrusted');
    await expectRefused(meter, () => user.refillRequest(purchase(mills(1_000))), 'clockNotTrusted');
    expect(await inspected(user)).toMatchObject({ timeMs: 0, contactMs: TEST_TIME_MS });
    await acknowledge(user);

    await setClock(user, TEST_TIME_MS + HOUR_MS, providerKeys);

    await user.createIndicium(letter(1));
    await user.refillRequest(purchase(mills(1_000)));
  });

  test('is set at any later time, however far, and never before the last record', async () => {
    await using meter = await meterAt('refilled');
    whileOff(meter, (clock) => clock.loseTrust());
    const host = await meter.anonymous();
    const early = await setting(host, TEST_TIME_MS - 60_000);
    await expectRefused(meter, () => host.setClock(early), 'clockSetBack', 60_000);

    await setClock(host, Date.UTC(2028, 5, 1));

    expect(await host.status()).toMatchObject({ timeMs: Date.UTC(2028, 5, 1) });
    await expectRefused(
      meter,
      async () => host.setClock(await setting(host, Date.UTC(2028, 4, 31))),
      'clockSetBack',
      86_400_000,
    );
  });
});

describe('a clock setting', () => {
  let meter: TestMeter;
  let host: Meter;
  beforeAll(async () => {
    meter = await meterAt('refilled');
    host = await meter.anonymous();
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test.each<[string, Partial<ClockSettingFields>, typeof authorityKeys, string]>([
    [
      'for another meter',
      { meterId: encodeMeterId({ model: 'TS01', serial: 43 }) },
      authorityKeys,
      'documentForOtherMeter',
    ],
    [
      'over another challenge',
      { challenge: new Uint8Array(16) },
      authorityKeys,
      'challengeUnknown',
    ],
    ['of the host', {}, hostKeys.user, 'signatureInvalid'],
    [
      'of who claims to be the authority',
      {},
      { privateKey: hostKeys.user.privateKey, publicKey: authorityKeys.publicKey },
      'signatureInvalid',
    ],
    [
      'of the provider in the name of the authority',
      {},
      { privateKey: providerKeys.privateKey, publicKey: authorityKeys.publicKey },
      'signatureInvalid',
    ],
  ])('%s is refused', async (_name, changes, issuer, status) => {
    const document = await setting(host, TEST_TIME_MS + 1, changes, issuer);

    await expectRefused(meter, () => host.setClock(document), status);
  });

  test('to an earlier question is refused', async () => {
    const first = await setting(host, TEST_TIME_MS + 1);
    await host.challengeClock();

    await expectRefused(meter, () => host.setClock(first), 'challengeUnknown');
  });

  test('of a clock that was never set by order moves it by what may have gone wrong since the licence', async () => {
    const passed = 20 * HOUR_MS;
    meter.clock.advance(passed);
    const most = 60_000 + passed / 10_000;

    await expectRefused(
      meter,
      async () => host.setClock(await setting(host, TEST_TIME_MS + passed + most + 1)),
      'clockDriftTooLarge',
      most,
    );
  });

  test('that comes more than a minute after its question is refused', async () => {
    const timeMs = meter.clock.nowMs();
    const late = await setting(host, timeMs + 60_000);
    meter.clock.advance(60_001);
    await expectRefused(meter, () => host.setClock(late), 'challengeUnknown');
    const inTime = await setting(host, timeMs + 120_001);
    meter.clock.advance(60_000);

    await host.setClock(inTime);
  });

  test('is taken once', async () => {
    const document = await setting(host, meter.clock.nowMs() + 1_000);
    await host.setClock(document);

    await expectRefused(meter, () => host.setClock(document), 'challengeUnknown');
  });

  test('moves a clock that is trusted by a minute and one ten-thousandth of the time since the last one', async () => {
    const passed = 100 * 24 * HOUR_MS;
    meter.clock.advance(passed);
    const most = 60_000 + passed / 10_000;
    const nowMs = meter.clock.nowMs();
    for (const moved of [most + 1, -most - 1])
      await expectRefused(
        meter,
        async () => host.setClock(await setting(host, nowMs + moved)),
        'clockDriftTooLarge',
        most,
      );

    await setClock(host, nowMs - most);

    expect(await host.status()).toMatchObject({ timeMs: nowMs - most });
    await setClock(host, nowMs - most + 60_000);
    expect(await host.status()).toMatchObject({ timeMs: nowMs - most + 60_000 });
  });

  test('to a question from before the meter was switched off is refused', async () => {
    const document = await setting(host, meter.clock.nowMs() + 1);
    meter.board.powerOff();
    meter.board.powerOn();

    const again = await meter.anonymous();
    await expectRefused(meter, () => again.setClock(document), 'challengeUnknown');
  });

  test('of the provider of another licence is refused', async () => {
    await using meter = await meterAt('refilled');
    const officer = await meter.loggedIn('cryptoOfficer');
    const nextProvider = nodeCrypto.generateKeyPair();
    await officer.register(licence({ sequence: 2, providerKey: nextProvider.publicKey }));
    await expectRefused(
      meter,
      async () => officer.setClock(await setting(officer, TEST_TIME_MS + 1, {}, providerKeys)),
      'signatureInvalid',
    );

    await setClock(officer, TEST_TIME_MS + 1, nextProvider);
  });

  test('before the licence is for the authority alone, and lets the meter be licensed', async () => {
    await using meter = await meterAt('made');
    whileOff(meter, (clock) => clock.loseTrust());
    const officer = await meter.loggedIn('cryptoOfficer');
    await expectRefused(meter, () => officer.register(licence()), 'clockNotTrusted');
    await expectRefused(
      meter,
      async () => officer.setClock(await setting(officer, TEST_TIME_MS, {}, providerKeys)),
      'signatureInvalid',
    );

    await setClock(officer, TEST_TIME_MS);

    await officer.register(licence());
    await officer.installRateTable(rateTable());
  });
});

test('a cut while the clock is set leaves it set, or not trusted: never another time', async () => {
  const outcomes = new Set<string>();
  for (const [operation, tornBytes] of [
    [0, 0],
    [0, 63],
    [1, 0],
    [1, 200],
    [1, 256],
  ] as const) {
    await using meter = await meterAt('refilled');
    whileOff(meter, (clock) => clock.loseTrust());
    const host = await meter.anonymous();
    const document = await setting(host, TEST_TIME_MS + HOUR_MS);
    meter.flash.losePowerAfter(operation, { tornBytes });
    await expect(host.setClock(document, { timeoutMs: 20 })).rejects.toBeDefined();
    meter.board.powerOff();
    meter.flash.restorePower();
    meter.board.powerOn();

    const after = await meter.anonymous();
    const { timeMs } = await after.status();
    const { clockSetMs } = await after.condition();
    outcomes.add(`${timeMs} ${clockSetMs === TEST_TIME_MS ? 'not set' : 'set'}`);

    await setClock(after, TEST_TIME_MS + 2 * HOUR_MS);
    expect(await faults(after)).toEqual(NONE);
  }
  expect([...outcomes].sort()).toEqual(['0 not set', '0 set']);
});
