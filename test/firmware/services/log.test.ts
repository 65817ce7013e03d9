/**
 * The security log through the driver, on the real image: exported and verified, full, damaged, and at the end of a meter's
 * life (requirements.md A9, G6; domain.md R45, R46).
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import type { FlashDevice } from '#emulator/flash';
import { LOG_RESERVE } from '#firmware/security-log';
import { issueClockSetting, issueLockOrder } from '#protocol/documents/orders';
import { verifyLogExport } from '#protocol/documents/security-log';
import { mills } from '#protocol/mills';
import { statuses } from '#protocol/status';
import { TEST_TIME_MS } from '#test/support/board';
import { LOG_OFFSET } from '#test/support/journal-forgery';
import { found, keyMaterialOf } from '#test/support/key-material';
import { letter } from '#test/support/mail';
import {
  authorityKeys,
  certifiedCopy,
  FUNDS,
  flashAt,
  licence,
  meterAt,
  meterId,
  meterWith,
  passwords,
  purchase,
  rateTable,
  smallCard,
  type TestMeter,
  TODAY,
} from '#test/support/meter';
import { rawHost } from '#test/support/raw-host';
import { expectRefused } from '#test/support/refusal';
import { acknowledge, exportedLog, historyOf, inspected } from '#test/support/security-log';

const RECORD = 64;

test('the log of a meter tells how it was made, licensed and refilled, in a chain that the report ends', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.session('user');

  const history = await historyOf(user);

  expect(history.map(({ event, count, a, b, c }) => [event, count, a, b, c])).toEqual([
    ['made', 1, 7, 0, 0],
    ['licensed', 2, 1, 0, 0],
    ['rateTable', 3, 1, 0, 0],
    ['refillRequested', 4, FUNDS, 1, 0],
    ['refilled', 5, FUNDS, 1, 0],
  ]);
  expect(new Set(history.map(({ timeMs }) => timeMs))).toEqual(new Set([TEST_TIME_MS]));
});

test('an export of which a record was dropped, changed, doubled or swapped, or whose end was cut, is not that of the report', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.session('user');
  const { logCount: count, logHead: head } = await inspected(user);
  const whole = await exportedLog(user);
  const from = { count: 0, head: new Uint8Array(16) };
  const verdict = (bytes: Uint8Array) => {
    const read = verifyLogExport(nodeCrypto, from, { count, head }, bytes);
    return read.ok ? 'accepted' : read.status;
  };
  const records = Array.from({ length: count }, (_, at) =>
    whole.subarray(at * RECORD, (at + 1) * RECORD),
  );
  const joined = (list: readonly (Uint8Array | undefined)[]) =>
    Uint8Array.from(list.flatMap((each) => [...(each ?? [])]));
  expect(verdict(joined(records))).toBe('accepted');

  for (const [at, record] of records.entries()) {
    expect(verdict(joined(records.toSpliced(at, 1)))).toBe('documentMismatch');
    expect(verdict(joined(records.toSpliced(at, 0, record)))).toBe('documentMismatch');
    expect(verdict(joined(records.slice(0, at)))).toBe('documentMismatch');
    if (at > 0)
      expect(
        verdict(joined(records.toSpliced(at - 1, 2, record, records[at - 1] as Uint8Array))),
      ).toBe('documentMismatch');
    for (let byte = 0; byte < RECORD; byte++) {
      const changed = record.map((value, place) => (place === byte ? value ^ 0x10 : value));
      expect(verdict(joined(records.with(at, changed)))).not.toBe('accepted');
    }
  }
  expect(verdict(whole.subarray(0, -1))).toBe('documentMalformed');
});

/** What the log of a small card holds when it takes no more. */
let fullContents: Uint8Array;

beforeAll(async () => {
  await using meter = meterWith(await smallCard());
  const user = await meter.loggedIn('user');
  while ((await user.condition()).logFree > 0) await user.testPrint(true);
  fullContents = meter.flash.contents();
});
/** @param guard of a part that is cut so often that it refuses a place */
const full = (guard?: (flash: FlashDevice) => FlashDevice): FlashDevice =>
  certifiedCopy(fullContents, guard);

describe('a log without room', () => {
  let meter: TestMeter;
  let user: Meter;
  let officer: Meter;
  beforeAll(async () => {
    meter = meterWith(await smallCard());
    user = await meter.loggedIn('user');
    while ((await user.condition()).logFree > 1) await user.testPrint(true);
    await user.createIndicium(letter(1));
    await user.testPrint(true);
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('is told, and before that it was told that it soon would be', async () => {
    expect(await user.condition()).toMatchObject({
      locks: { logFull: true },
      warnings: { logAlmostFull: true },
      logFree: 0,
    });
    expect(await inspected(user)).toMatchObject({ locks: { logFull: true } });
  });

  test('stops production', async () => {
    await expectRefused(meter, () => user.createIndicium(letter(2)), 'logFull');
  });

  test('stops every service of the user that must be written down', async () => {
    const order = issueLockOrder(nodeCrypto, authorityKeys, {
      meterId,
      sequence: 1,
      action: 'revoke',
      reason: 'ordered',
      timeMs: TEST_TIME_MS,
    });
    const logged: readonly (() => Promise<unknown>)[] = [
      () => user.createIndicium(letter(2, { kind: 'correction', original: 1 })),
      () => user.reprintIndicium({ counter: 1, nonce: 77 }),
      () => user.testPrint(true),
      () => user.refillRequest(purchase(mills(1_000))),
      () => user.installRateTable(rateTable({ version: 2 })),
      () =>
        user.changePassword({
          oldPassword: passwords.user(),
          newPassword: new Uint8Array(8).fill(9),
        }),
      () => user.applyLockOrder(order),
    ];

    for (const ask of logged) await expectRefused(meter, ask, 'logFull');
  });

  test('keeps nobody from what is not written down', async () => {
    await user.createIndicium(letter(1)); // it was made before
    await user.testPrint(false);
    await user.resetBatch();
    expect(await user.registers()).toMatchObject({ ascending: 780 });
  });

  test('keeps nobody from setting the clock, for which places are kept, until those are gone', async () => {
    const setClock = async (): Promise<void> => {
      const { challenge } = await user.challengeClock();
      const timeMs = meter.clock.nowMs();
      const fields = { meterId, challenge, timeMs };
      await user.setClock(issueClockSetting(nodeCrypto, authorityKeys, fields));
    };
    for (let place = 0; place < LOG_RESERVE - 1; place++) await setClock();

    await expectRefused(meter, setClock, 'logFull');
  });

  test('keeps everybody from logging in, since a wrong password could not be written down', async () => {
    officer = await meter.session('cryptoOfficer');

    await expectRefused(meter, () => officer.logIn(passwords.cryptoOfficer()), 'logFull');
  });

  test('is exported and acknowledged by whoever has a session, and all goes on', async () => {
    const history = await historyOf(officer);
    expect(history.at(-1)).toMatchObject({ event: 'clockSet' });
    await acknowledge(officer);

    await officer.logIn(passwords.cryptoOfficer());
    await officer.register(licence({ sequence: 2 }));
    user = await meter.loggedIn('user');
    await user.createIndicium(letter(2));
    expect(await user.condition()).toMatchObject({
      locks: { logFull: false },
      logAcknowledged: history.length,
      logCount: history.length + 1,
    });
  });
});

describe('a clock that goes wrong while the log is full', () => {
  test('is written down all the same: room is kept for what cannot be refused', async () => {
    await using meter = meterWith(full());
    meter.board.powerOff();
    meter.clock.set(TEST_TIME_MS - 1);
    meter.board.powerOn();

    const host = await meter.session('user');

    expect((await historyOf(host)).at(-1)).toMatchObject({ event: 'clockFault' });
    expect(await host.condition()).toMatchObject({ locks: { clockFault: true, logFull: true } });
  });

  test('and power that is cut until no place is left: it is not trusted, and the log can still be exported', async () => {
    await using meter = meterWith(full((flash) => flash));
    meter.board.powerOff();
    meter.clock.set(TEST_TIME_MS - 1);
    for (let cut = 0; cut < 6; cut++) {
      meter.flash.losePowerAfter(2, { tornBytes: 0 }); // the pin and the log record are whole
      meter.board.powerOn();
      rawHost(meter.board).open(Uint8Array.of(0x08));
      meter.board.powerOff();
      meter.flash.restorePower();
    }
    meter.flash.losePowerAfter(1_000); // the last cut had nothing to cut
    meter.board.powerOn();

    const host = await meter.session('user');

    expect(await host.status()).toMatchObject({ state: 'uninitialized', fault: 0, timeMs: 0 });
    expect(await host.condition()).toMatchObject({
      locks: { clockNotTrusted: true, clockFault: false, logFull: true },
    });
    const written = await historyOf(host);
    expect(written.at(-1)).toMatchObject({ event: 'qualityPrint' });
    await acknowledge(host);
    expect(await host.condition()).toMatchObject({ locks: { clockFault: true, logFull: false } });
    expect((await inspected(host)).logCount).toBe(written.length + 1);
  });
});

/** The log of a meter with one bit of its last record changed, or of a record of one's choice. */
function damageLog(flash: FlashDevice, number: number): void {
  const place = LOG_OFFSET + (number - 1) * RECORD + 20;
  flash.damage(place, Uint8Array.of((flash.contents()[place] as number) ^ 4));
}

describe('a log with a damaged record', () => {
  test('stops the meter at power-up, its registers readable, at every power-up', async () => {
    for (const number of [1, 3, 5]) {
      const flash = await flashAt('refilled');
      damageLog(flash, number);
      await using meter = meterWith(flash);

      for (let cycle = 0; cycle < 2; cycle++) {
        expect(rawHost(meter.board).status()).toMatchObject({
          state: 'error',
          fault: statuses.logDamaged.code,
          lifeCycle: 'registered',
          meterId,
          registersValid: true,
          registers: { descending: FUNDS, credited: FUNDS },
        });
        meter.board.powerOff();
        meter.board.powerOn();
      }
    }
  });

  test('that the authority has goes on', async () => {
    const flash = await flashAt('refilled');
    {
      await using meter = meterWith(flash);
      await acknowledge(await meter.session('user'));
    }
    damageLog(flash, 2);
    await using meter = meterWith(flash);

    const user = await meter.loggedIn('user');

    await user.createIndicium(letter(1, { mailingDate: TODAY }));
    expect((await user.readLog(1)).from).toBe(2); // it is there; only the authority can tell that it was changed
  });

  test('in which the keys are destroyed keeps none of them: the end of a life needs no log', async () => {
    const flash = await flashAt('refilled');
    const { sealed } = keyMaterialOf(flash);
    await using meter = meterWith(flash);
    const officer = await meter.loggedIn('cryptoOfficer');
    meter.flash.losePowerAfter(1, { tornBytes: 0 }); // the record that says so is there, the keys too
    await expect(officer.zeroize({ timeoutMs: 20 })).rejects.toBeDefined();
    expect(found(flash.contents(), sealed)).not.toEqual([]);
    meter.flash.restorePower();
    damageLog(flash, 3);

    meter.board.powerOff();
    meter.board.powerOn();

    expect(found(flash.contents(), sealed)).toEqual([]);
    expect(rawHost(meter.board).status()).toMatchObject({
      state: 'uninitialized',
      lifeCycle: 'zeroized',
      fault: 0,
      registers: { descending: FUNDS },
    });
    expect(await (await meter.anonymous()).condition()).toMatchObject({ logCount: 5 });
  });

  test('a clock that goes wrong after the keys were destroyed is nobody’s concern', async () => {
    await using meter = await meterAt('refilled');
    await (await meter.loggedIn('cryptoOfficer')).zeroize();
    const before = (await (await meter.anonymous()).condition()).logCount;
    meter.board.powerOff();
    meter.clock.set(TEST_TIME_MS - 1);
    meter.board.powerOn();

    const host = await meter.anonymous();

    expect(await host.status()).toMatchObject({ lifeCycle: 'zeroized', fault: 0, timeMs: 0 });
    expect(await host.condition()).toMatchObject({ logCount: before });
  });
});
