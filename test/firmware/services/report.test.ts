/** What a meter tells of itself: version, registers, and the signed report of an inspection (requirements.md A9, A3). */

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { loadImage } from '#emulator/image-file';
import { verifyCompactCertificate } from '#protocol/documents/compact-certificate';
import { IMAGE_HEADER_SIZE } from '#protocol/documents/image-header';
import { encodeMeterId } from '#protocol/documents/meter-id';
import { type StatusReport, verifyStatusReport } from '#protocol/documents/status-report';
import { mills } from '#protocol/mills';
import { TEST_TIME_MS } from '#test/support/board';
import { newestState } from '#test/support/journal-forgery';
import { authorityKeys, FUNDS, meterAt, meterId, TODAY } from '#test/support/meter';

const challenge = nodeCrypto.randomBytes(16);
const imageDigest = Uint8Array.from(
  createHash('sha256').update(loadImage().image.subarray(IMAGE_HEADER_SIZE)).digest(),
);

/** As an inspector does it: the certificate under the authority's key, the report under the certified one. */
async function inspected(host: Meter, asked = challenge): Promise<StatusReport> {
  const { device } = await host.certificates();
  const demand = { usage: 'device', subject: meterId, date: TODAY } as const;
  const certified = verifyCompactCertificate(nodeCrypto, authorityKeys.publicKey, device, demand);
  if (!certified.ok) throw new Error(certified.status);
  const { report } = await host.statusReport(asked);
  const { publicKey } = certified.value;
  const read = verifyStatusReport(nodeCrypto, publicKey, report, { meterId, challenge: asked });
  if (!read.ok) throw new Error(read.status);
  return read.value;
}

test('a report is signed by the certified device key, and tells registers, clock, image and journal', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.session('user');

  const report = await inspected(user);

  const { sequence, auditHead } = newestState(meter.flash.contents());
  expect(report).toEqual({
    meterId,
    challenge,
    timeMs: TEST_TIME_MS,
    state: 'uninitialized',
    lifeCycle: 'registered',
    fault: 0,
    imageVersion: (await user.version()).imageVersion,
    imageDigest,
    registers: await user.registers(),
    journalSequence: sequence,
    auditHead,
  });
  expect(report.registers).toMatchObject({ descending: FUNDS, credited: FUNDS });
});

test.each(['user', 'cryptoOfficer'] as const)(
  'the %s gets it too while logged in',
  async (role) => {
    await using meter = await meterAt('refilled');

    expect(await inspected(await meter.loggedIn(role))).toMatchObject({ state: 'idle' });
  },
);

test('what happened since shows: another sequence, another head, other registers', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.loggedIn('user');
  const before = await inspected(user);
  expect(await inspected(user)).toMatchObject({
    journalSequence: before.journalSequence,
    auditHead: before.auditHead,
  });

  await user.createIndicium({
    requestId: { counter: 1, nonce: 1 },
    serviceId: 1,
    postage: mills(780),
    mailingDate: TODAY,
    destination: 0,
  });
  const after = await inspected(user);

  expect(after.registers).toMatchObject({ ascending: 780, pieceCount: 1 });
  expect(after.journalSequence).toBeGreaterThan(before.journalSequence);
  expect(after.auditHead).not.toEqual(before.auditHead);
});

test('a clock that is not trusted is told as 0', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.session('user');
  meter.clock.loseTrust();

  expect(await inspected(user)).toMatchObject({ timeMs: 0 });
});

describe('a report is refused', () => {
  test('for another challenge, for another meter, under another key', async () => {
    await using meter = await meterAt('made');
    const user = await meter.session('user');
    const { report } = await user.statusReport(challenge);
    const key = user.server?.publicKey as Uint8Array;
    const judge = (deviceKey: Uint8Array, asked: { meterId: Uint8Array; challenge: Uint8Array }) =>
      verifyStatusReport(nodeCrypto, deviceKey, report, asked);

    const serial = encodeMeterId({ model: 'TS01', serial: 43 });
    expect(judge(key, { meterId, challenge }).ok).toBe(true);
    expect(judge(key, { meterId, challenge: new Uint8Array(16) })).toMatchObject({
      status: 'documentMismatch',
    });
    expect(judge(key, { meterId: serial, challenge })).toMatchObject({
      status: 'documentForOtherMeter',
    });
    expect(judge(authorityKeys.publicKey, { meterId, challenge })).toMatchObject({
      status: 'signatureInvalid',
    });
  });

  test('with one bit changed anywhere', async () => {
    await using meter = await meterAt('made');
    const user = await meter.session('user');
    const { report } = await user.statusReport(challenge);
    const key = user.server?.publicKey as Uint8Array;

    for (let at = 0; at < report.length; at++) {
      const changed = report.map((byte, place) => (place === at ? byte ^ (1 << (at % 8)) : byte));
      expect([at, verifyStatusReport(nodeCrypto, key, changed, { meterId, challenge }).ok]).toEqual(
        [at, false],
      );
    }
  });
});

test('version names the image that runs by the digest of its body', async () => {
  await using meter = await meterAt('blank');

  const version = await (await meter.anonymous()).version();

  expect(version).toMatchObject({ protocolVersion: 1, imageDigest });
});

test('registers are told inside the session as they are told in clear', async () => {
  await using meter = await meterAt('refilled');
  const user = await meter.session('user');

  expect(await user.registers()).toEqual((await (await meter.anonymous()).status()).registers);
});
