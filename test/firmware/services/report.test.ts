/** What a meter tells of itself: version, registers, condition, and the signed report of an inspection (requirements.md A9, A3). */

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { loadImage } from '#emulator/image-file';
import { verifyCompactCertificate } from '#protocol/documents/compact-certificate';
import { IMAGE_HEADER_SIZE } from '#protocol/documents/image-header';
import { verifyInspectionReport } from '#protocol/documents/inspection';
import { encodeMeterId } from '#protocol/documents/meter-id';
import { lockNames, warningNames } from '#protocol/state';
import { TEST_TIME_MS } from '#test/support/board';
import { newestState } from '#test/support/journal-forgery';
import { letter } from '#test/support/mail';
import { authorityKeys, FUNDS, meterAt, meterId, type TestMeter, TODAY } from '#test/support/meter';
import { historyOf, inspected } from '#test/support/security-log';

const imageDigest = Uint8Array.from(
  createHash('sha256').update(loadImage().image.subarray(IMAGE_HEADER_SIZE)).digest(),
);
const none = <N extends string>(names: readonly N[]) =>
  Object.fromEntries(names.map((name) => [name, false])) as Record<N, boolean>;

describe('an inspection report', () => {
  let meter: TestMeter;
  let host: Meter;
  beforeAll(async () => {
    meter = await meterAt('refilled');
    host = await meter.session('user');
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('is signed by the certified device key', async () => {
    const { device } = await host.certificates();
    const demand = { usage: 'device', subject: meterId, date: TODAY } as const;

    const certified = verifyCompactCertificate(nodeCrypto, authorityKeys.publicKey, device, demand);

    expect(certified).toMatchObject({ ok: true, value: { publicKey: host.server?.publicKey } });
  });

  test('tells registers, clock, image, journal, log, locks, tries and documents', async () => {
    const challenge = nodeCrypto.randomBytes(16);

    const report = await inspected(host, challenge);

    const { sequence, auditHead, logHead } = newestState(meter.flash.contents());
    expect(report).toEqual({
      meterId,
      challenge,
      timeMs: TEST_TIME_MS,
      lifeCycle: 'registered',
      locks: none(lockNames),
      imageVersion: (await host.version()).imageVersion,
      imageDigest,
      registers: await host.registers(),
      journalSequence: sequence,
      auditHead,
      logCount: 5,
      logHead,
      logAcknowledged: 0,
      powerCount: 2,
      userTries: 0,
      officerTries: 0,
      contactMs: TEST_TIME_MS,
      clockSetMs: TEST_TIME_MS,
      lockSequence: 0,
      licenceSequence: 1,
      rateVersion: 1,
    });
    expect(report.registers).toMatchObject({ descending: FUNDS, credited: FUNDS });
  });

  test('is told again as long as nothing happened, over another challenge', async () => {
    const first = await inspected(host);

    const second = await inspected(host);

    expect(second).toEqual({ ...first, challenge: second.challenge });
    expect(second.challenge).not.toEqual(first.challenge);
  });

  test('for another challenge, for another meter, under another key, is refused', async () => {
    const challenge = nodeCrypto.randomBytes(16);
    const { report } = await host.inspectionReport(challenge);
    const key = host.server?.publicKey as Uint8Array;
    const judge = (deviceKey: Uint8Array, asked: { meterId: Uint8Array; challenge: Uint8Array }) =>
      verifyInspectionReport(nodeCrypto, deviceKey, report, asked);

    const other = encodeMeterId({ model: 'TS01', serial: 43 });
    expect(judge(key, { meterId, challenge }).ok).toBe(true);
    expect(judge(key, { meterId, challenge: new Uint8Array(16) })).toMatchObject({
      status: 'documentMismatch',
    });
    expect(judge(key, { meterId: other, challenge })).toMatchObject({
      status: 'documentForOtherMeter',
    });
    expect(judge(authorityKeys.publicKey, { meterId, challenge })).toMatchObject({
      status: 'signatureInvalid',
    });
  });

  test('with one bit changed anywhere is refused', async () => {
    const challenge = nodeCrypto.randomBytes(16);
    const { report } = await host.inspectionReport(challenge);
    const key = host.server?.publicKey as Uint8Array;

    for (let at = 0; at < report.length; at++) {
      const changed = report.map((byte, place) => (place === at ? byte ^ (1 << (at % 8)) : byte));
      const read = verifyInspectionReport(nodeCrypto, key, changed, { meterId, challenge });
      expect([at, read.ok]).toEqual([at, false]);
    }
  });

  test('shows what happened since: other registers, another sequence, another head', async () => {
    const before = await inspected(host);
    const user = await meter.loggedIn('user');
    await user.createIndicium(letter(1));

    const after = await inspected(user);

    expect(after.registers).toMatchObject({ ascending: 780, pieceCount: 1 });
    expect(after.journalSequence).toBeGreaterThan(before.journalSequence);
    expect(after.auditHead).not.toEqual(before.auditHead);
    expect(after.logCount).toBe(before.logCount); // a piece by itself is no event of the log
  });

  test('counts how often power came on, and wrong passwords', async () => {
    const before = await inspected(await meter.session('user'));
    meter.board.powerOff();
    meter.board.powerOn();
    host = await meter.session('user');
    await expect(host.logIn(new TextEncoder().encode('wrong password'))).rejects.toBeDefined();

    const after = await inspected(host);

    expect(after).toMatchObject({
      powerCount: before.powerCount + 1,
      userTries: 1,
      officerTries: 0,
      logCount: before.logCount + 1,
    });
    expect((await historyOf(host)).at(-1)).toMatchObject({ event: 'passwordWrong', a: 1, b: 1 });
  });

  test('tells a clock that is not trusted as 0, and the lock', async () => {
    meter.clock.loseTrust();

    expect(await inspected(host)).toMatchObject({
      timeMs: 0,
      locks: { ...none(lockNames), clockNotTrusted: true },
    });
  });
});

test.each(['user', 'cryptoOfficer'] as const)(
  'the %s gets a report too while logged in',
  async (role) => {
    await using meter = await meterAt('refilled');

    expect(await inspected(await meter.loggedIn(role))).toMatchObject({ lifeCycle: 'registered' });
  },
);

test('a meter before its licence reports too', async () => {
  await using meter = await meterAt('made');

  expect(await inspected(await meter.session('user'))).toMatchObject({
    lifeCycle: 'made',
    contactMs: 0,
    licenceSequence: 0,
    rateVersion: 0,
  });
});

test('version names the image that runs by the digest of its body', async () => {
  await using meter = await meterAt('blank');

  const version = await (await meter.anonymous()).version();

  expect(version).toMatchObject({ protocolVersion: 2, imageDigest });
});

test('registers are told inside the session as they are told in clear', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.session('user');

  expect(await user.registers()).toEqual((await (await meter.anonymous()).status()).registers);
});

test('the condition of a meter that is well: no lock, no warning, and when each comes due', async () => {
  await using meter = await meterAt('refilled');
  const HOUR_MS = 3_600_000;

  expect(await (await meter.anonymous()).condition()).toEqual({
    locks: none(lockNames),
    warnings: none(warningNames),
    inspectionDueMs: TEST_TIME_MS + 90 * 24 * HOUR_MS,
    inspectionLockMs: TEST_TIME_MS + 120 * 24 * HOUR_MS,
    qualityDueMs: TEST_TIME_MS + 91 * 24 * HOUR_MS,
    clockSetMs: TEST_TIME_MS,
    lockSequence: 0,
    lockReason: 'none',
    logCount: 5,
    logAcknowledged: 0,
    logFree: expect.any(Number),
    licenceSequence: 1,
    rateVersion: 1,
    nextRateVersion: 0,
  });
});

test('a device that was never used has a condition too', async () => {
  await using meter = await meterAt('blank');

  expect(await (await meter.anonymous()).condition()).toMatchObject({
    locks: none(lockNames),
    inspectionDueMs: 0,
    inspectionLockMs: 0,
    qualityDueMs: 0,
    logCount: 0,
    licenceSequence: 0,
  });
});
