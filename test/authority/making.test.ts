/** Numbers, certificates, licences and rate tables are given once and kept (requirements.md C3, D7, G1, G8). */

import { describe, expect, test } from 'vitest';
import { CERTIFICATE_DAYS } from '#authority/certificates';
import { nodeCrypto } from '#driver/node-crypto';
import {
  readCompactCertificate,
  verifyCompactCertificate,
} from '#protocol/documents/compact-certificate';
import { addDays } from '#protocol/documents/date';
import { verifyLicence } from '#protocol/documents/licence';
import { encodeMeterId, formatMeterId } from '#protocol/documents/meter-id';
import { verifyRateTable } from '#protocol/documents/rate-table';
import { mills } from '#protocol/mills';
import {
  bornKeys,
  DAY_MS,
  granted,
  license,
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

describe('a licence', () => {
  test('is signed, numbered, and later than the one before', async () => {
    const { authority, keys } = await makeAuthority();
    const meter = await makeMeter(authority);
    const provider = nodeCrypto.generateKeyPair();

    const licences = [
      await license(authority, meter, provider),
      await license(authority, meter, provider),
    ];

    const read = licences.map((licence) => verifyLicence(nodeCrypto, keys.publicKey, licence));
    const common = { meterId: meter.meterId, providerId: 1, providerKey: provider.publicKey };
    expect(read).toMatchObject([
      { ok: true, value: { ...common, sequence: 1, licenceNumber: 1, issueDate: TODAY } },
      { ok: true, value: { ...common, sequence: 2, licenceNumber: 2, issueDate: TODAY } },
    ]);
  });

  test.each([
    ['an unknown meter', { meterId: encodeMeterId({ model: 'TS01', serial: 9 }) }, 'meterUnknown'],
    ['an unknown provider', { providerId: 9 }, 'providerUnknown'],
    ['a ZIP of six digits', { originZip: 100_000 }, 'licenceInvalid'],
    ['a least postage above the most', { postageMin: mills(11) }, 'licenceInvalid'],
    ['more postage than an indicium can tell', { postageMax: mills(2 ** 24) }, 'licenceInvalid'],
    ['more funds than an indicium can tell', { descendingMax: mills(2 ** 32) }, 'licenceInvalid'],
  ])('for %s is refused', async (_, changes, refusal) => {
    const { authority } = await makeAuthority();
    const meter = await makeMeter(authority);
    await license(authority, meter);
    const order = {
      meterId: meter.meterId,
      originZip: 20260,
      providerId: 1,
      descendingMax: mills(1_000),
      postageMin: mills(10),
      postageMax: mills(10),
    };

    expect(refusalOf(await authority.grantLicence({ ...order, ...changes }))).toBe(refusal);
    expect(refusalOf(await authority.grantLicence(order))).toBe('ok');
  });

  test('for a meter that is not certified is refused', async () => {
    const { authority } = await makeAuthority();
    const { meterId } = granted(await authority.allotMeter({ model: 'TS01' }));

    const outcome = await authority.grantLicence({
      meterId,
      originZip: 20260,
      providerId: 1,
      descendingMax: mills(1_000),
      postageMin: mills(10),
      postageMax: mills(10),
    });

    expect(refusalOf(outcome)).toBe('meterNotCertified');
  });
});

describe('rate tables', () => {
  const rate = { serviceId: 7, kind: 'fixed', minimum: mills(500), maximum: mills(500) } as const;
  const order = { validFrom: TODAY, validTo: 20271231, rates: [rate] };

  test('the latest edition that is valid today counts', async () => {
    const { authority, keys, clock } = await makeAuthority();
    const current = async () => {
      const { rateTable } = granted(await authority.currentRateTable({}));
      const read = verifyRateTable(nodeCrypto, keys.publicKey, rateTable);
      return read.ok && read.value.version;
    };

    granted(await authority.publishRateTable({ ...order, validFrom: 20270302 }));

    expect(await current()).toBe(1);
    clock.timeMs += DAY_MS;
    expect(await current()).toBe(2);
    clock.timeMs += 400 * DAY_MS;
    expect(refusalOf(await authority.currentRateTable({}))).toBe('rateTableMissing');
  });

  test.each([
    ['a service twice', { rates: [rate, rate] }],
    ['no service', { rates: [] }],
    ['a fixed rate with two prices', { rates: [{ ...rate, maximum: mills(501) }] }],
    ['a day that does not exist', { validTo: 20270230 }],
    ['an end before the beginning', { validTo: 20270228 }],
  ])('with %s is refused', async (_, changes) => {
    const { authority } = await makeAuthority();

    const outcome = await authority.publishRateTable({ ...order, ...changes });

    expect(refusalOf(outcome)).toBe('rateTableInvalid');
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
