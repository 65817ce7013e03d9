/** Other keys for a meter: what the authority certifies, and which key counts from when on (requirements.md F8, G8). */

import { beforeEach, describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import type { KeyPair } from '#protocol/crypto';
import { verifyCompactCertificate } from '#protocol/documents/compact-certificate';
import { signInspectionReport } from '#protocol/documents/inspection';
import { type KeyRenewal, keyRenewalDocument } from '#protocol/documents/key-renewal';
import { encodeMeterId } from '#protocol/documents/meter-id';
import { mills } from '#protocol/mills';
import {
  granted,
  license,
  makeAuthority,
  makeMeter,
  NOON_MS,
  refusalOf,
  signIndicium,
  type TestAuthority,
  type TestMeter,
  TODAY,
} from '#test/support/back-office';
import { inspectionReport } from '#test/support/document-values';

let office: TestAuthority;
let meter: TestMeter;
let device: KeyPair;
let indicium: KeyPair;
beforeEach(async () => {
  office = await makeAuthority();
  meter = await makeMeter(office.authority);
  await license(office.authority, meter);
  [device, indicium] = [nodeCrypto.generateKeyPair(), nodeCrypto.generateKeyPair()];
});

function asking(changes: Partial<KeyRenewal> = {}, signer = meter.device): Uint8Array {
  return keyRenewalDocument.sign(nodeCrypto, signer.privateKey, {
    meterId: meter.meterId,
    deviceSerial: 1,
    deviceKey: device.publicKey,
    indiciumKey: indicium.publicKey,
    ...changes,
  });
}
const renew = (request: Uint8Array) => office.authority.renewCertificates({ request });

/** Whether a report of the meter that this key signs is one of the meter. */
async function reportBy(signer: KeyPair): Promise<string> {
  const { meterId } = meter;
  const { challenge } = granted(await office.authority.askForReport({ meterId }));
  const fields = { ...inspectionReport, meterId, challenge, timeMs: NOON_MS };
  const report = signInspectionReport(nodeCrypto, signer.privateKey, fields);
  return refusalOf(await office.authority.takeReport({ report, log: new Uint8Array(0) }));
}

describe('certificates of other keys', () => {
  test('are for them, under later serials, and the same for the same keys', async () => {
    const first = granted(await renew(asking()));
    const again = granted(await renew(asking()));

    const { publicKey } = office.keys;
    const demand = { subject: meter.meterId, date: TODAY };
    for (const [usage, bytes, serial, key] of [
      ['device', first.device, 4, device],
      ['indicium', first.indicium, 5, indicium],
    ] as const) {
      const read = verifyCompactCertificate(nodeCrypto, publicKey, bytes, { ...demand, usage });
      expect(read).toMatchObject({ ok: true, value: { serial, publicKey: key.publicKey } });
    }
    expect(again).toEqual(first);
  });

  test.each<[string, () => Uint8Array, string]>([
    ['nobody it knows', () => asking({}, nodeCrypto.generateKeyPair()), 'signatureInvalid'],
    ['the key itself', () => asking({}, device), 'signatureInvalid'],
    ['the indicium key', () => asking({}, meter.indicium), 'signatureInvalid'],
    ['a key of another serial', () => asking({ deviceSerial: 2 }), 'signatureInvalid'],
    [
      'a meter that was never allotted',
      () => asking({ meterId: encodeMeterId({ model: 'TS01', serial: 77 }) }),
      'meterUnknown',
    ],
    ['a meter, for one key twice', () => asking({ indiciumKey: device.publicKey }), 'keyInvalid'],
    [
      'a meter, for no key',
      () => asking({ deviceKey: new Uint8Array(33).fill(2).fill(0xff, 1) }),
      'keyInvalid',
    ],
    [
      'a meter, for the key that it has',
      () => asking({ deviceKey: meter.device.publicKey }),
      'keyInvalid',
    ],
    ['nobody: it is no request', () => asking().slice(0, -1), 'documentMalformed'],
  ])('are refused where the request is by %s', async (_name, request, refusal) => {
    expect(refusalOf(await renew(request()))).toBe(refusal);
  });

  test('are refused to a meter that was revoked', async () => {
    const order = { meterId: meter.meterId, action: 'revoke', reason: 'stolen' } as const;
    granted(await office.authority.orderLock(order));

    expect(refusalOf(await renew(asking()))).toBe('meterRevoked');
  });
});

describe('the device key that counts', () => {
  test('is the old one until something is signed by the new one, and then that alone', async () => {
    granted(await renew(asking()));
    const before = await reportBy(meter.device);

    const first = await reportBy(device);
    const after = [await reportBy(meter.device), await reportBy(device)];

    expect([before, first]).toEqual(['ok', 'ok']);
    expect(after).toEqual(['signatureInvalid', 'ok']);
  });

  test('asks for the next ones, and a request by the one before counts no more', async () => {
    granted(await renew(asking()));
    const [own, other] = [nodeCrypto.generateKeyPair(), nodeCrypto.generateKeyPair()];
    const keys = { deviceKey: own.publicKey, indiciumKey: other.publicKey };

    const next = await renew(asking({ ...keys, deviceSerial: 4 }, device));

    expect(refusalOf(next)).toBe('ok');
    expect(refusalOf(await renew(asking()))).toBe('signatureInvalid');
    const which = { meterId: meter.meterId, after: 1 };
    const { certificates } = granted(await office.authority.deviceCertificates(which));
    expect(certificates).toHaveLength(2);
  });
});

test('evidence from before and from after a renewal is genuine', async () => {
  const old = signIndicium(meter);
  const { indicium: certificate } = granted(await renew(asking()));
  const read = verifyCompactCertificate(nodeCrypto, office.keys.publicKey, certificate, {
    usage: 'indicium',
  });
  if (!read.ok) throw new Error(read.status);

  const renewed = { ...meter, indicium, certificateSerial: read.value.serial };
  const registers = { ascending: mills(1_560), descending: mills(98_440) };
  const pieces = [old, signIndicium(renewed, { pieceCount: 2, ...registers })];

  for (const piece of pieces) {
    const asked = { evidence: piece, seenMs: undefined };
    const { checks } = granted(await office.authority.verifyEvidence(asked));
    expect(checks.filter(({ outcome }) => outcome === 'fail')).toEqual([]);
  }
});
