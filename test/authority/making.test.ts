/** Numbers and certificates are given once and kept (requirements.md C3, D7, G8). */

import { describe, expect, test } from 'vitest';
import { CERTIFICATE_DAYS } from '#authority/certificates';
import { nodeCrypto } from '#driver/node-crypto';
import {
  readCompactCertificate,
  verifyCompactCertificate,
} from '#protocol/documents/compact-certificate';
import { addDays } from '#protocol/documents/date';
import { encodeMeterId, formatMeterId } from '#protocol/documents/meter-id';
import {
  bornKeys,
  granted,
  makeAuthority,
  makeMeter,
  refusalOf,
  TODAY,
} from '#test/support/back-office';

test('no two meters get the same number, and each model counts for itself', async () => {
  const { authority } = await makeAuthority();

  const allotted = await Promise.all(
    ['TS01', 'TS01', 'TS02', 'TS01'].map((model) => authority.allotMeter({ model })),
  );

  expect(allotted.map((outcome) => formatMeterId(granted(outcome).meterId))).toEqual([
    'TS01-0000000001',
    'TS01-0000000002',
    'TS02-0000000001',
    'TS01-0000000003',
  ]);
});

describe('certificates of a meter', () => {
  test('are for its two keys, from today, under serial numbers of their own', async () => {
    const { authority, keys } = await makeAuthority();

    const meter = await makeMeter(authority);

    const demand = { subject: meter.meterId, date: TODAY };
    const device = verifyCompactCertificate(nodeCrypto, keys.publicKey, meter.deviceCertificate, {
      ...demand,
      usage: 'device',
    });
    const indicium = verifyCompactCertificate(
      nodeCrypto,
      keys.publicKey,
      meter.indiciumCertificate,
      { ...demand, usage: 'indicium' },
    );
    const validity = { validFrom: TODAY, validTo: addDays(TODAY, CERTIFICATE_DAYS - 1) };
    expect(device).toMatchObject({ ok: true, value: { serial: 1, ...validity } });
    expect(indicium).toMatchObject({ ok: true, value: { serial: 2, ...validity } });
  });

  test('are the same for the same keys, and refused for other ones', async () => {
    const { authority } = await makeAuthority();
    const meter = await makeMeter(authority);
    const { meterId, device, indicium } = meter;

    const again = granted(await authority.certifyMeter(bornKeys(meterId, device, indicium)));
    const other = await authority.certifyMeter(
      bornKeys(meterId, nodeCrypto.generateKeyPair(), indicium),
    );

    expect(again).toEqual({ device: meter.deviceCertificate, indicium: meter.indiciumCertificate });
    expect(refusalOf(other)).toBe('meterCertified');
  });

  test('are refused for a number that was not allotted, for no keys, for one key twice, without proof', async () => {
    const { authority } = await makeAuthority();
    const { meterId } = granted(await authority.allotMeter({ model: 'TS01' }));
    const [device, indicium] = [nodeCrypto.generateKeyPair(), nodeCrypto.generateKeyPair()];
    const born = bornKeys(meterId, device, indicium);
    const unknown = encodeMeterId({ model: 'TS01', serial: 77 });
    const certify = async (changes: Partial<typeof born>) =>
      refusalOf(await authority.certifyMeter({ ...born, ...changes }));

    expect(refusalOf(await authority.certifyMeter(bornKeys(unknown, device, indicium)))).toBe(
      'meterUnknown',
    );
    expect(await certify({ deviceKey: new Uint8Array(33) })).toBe('keyInvalid');
    expect(await certify({ indiciumKey: device.publicKey })).toBe('keyInvalid');
    expect(await certify({ proof: bornKeys(meterId, indicium, device).proof })).toBe(
      'signatureInvalid',
    );
    expect(await certify({})).toBe('ok');
  });

  test('are found by serial number', async () => {
    const { authority } = await makeAuthority();
    const meter = await makeMeter(authority);

    const found = granted(await authority.certificate({ serial: 2 }));

    expect(found.certificate).toEqual(meter.indiciumCertificate);
    expect(refusalOf(await authority.certificate({ serial: 3 }))).toBe('certificateUnknown');
  });
});

test('a provider gets one number and one certificate for its key', async () => {
  const { authority } = await makeAuthority();
  const { publicKey } = nodeCrypto.generateKeyPair();

  const [first, second] = await Promise.all(
    ['One', 'One again'].map((name) => authority.registerProvider({ name, publicKey })),
  );

  expect(second).toEqual(first);
  const { certificate } = granted(first as NonNullable<typeof first>);
  expect(readCompactCertificate(certificate)).toMatchObject({
    value: { usage: 'provider', subject: encodeMeterId({ model: 'PROV', serial: 1 }), publicKey },
  });
});
