/** Which device key a provider takes requests by, once a meter has another one (requirements.md D4, F8). */

import { beforeEach, describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { readCompactCertificate } from '#protocol/documents/compact-certificate';
import { keyRenewalDocument } from '#protocol/documents/key-renewal';
import { mills } from '#protocol/mills';
import {
  cuttable,
  granted,
  makeCustomer,
  makeMeter,
  makeOffice,
  memory,
  refusalOf,
  signRequest,
  type TestMeter,
  type TestOffice,
} from '#test/support/back-office';

let office: TestOffice;
let customerId: number;
let old: TestMeter;
beforeEach(async () => {
  office = await makeOffice();
  ({ customerId, meter: old } = await makeCustomer(office));
});

/** The same meter with other keys. */
async function renewed(meter = old): Promise<TestMeter> {
  const held = readCompactCertificate(meter.deviceCertificate);
  if (!held.ok) throw new Error(held.status);
  const [device, indicium] = [nodeCrypto.generateKeyPair(), nodeCrypto.generateKeyPair()];
  const request = keyRenewalDocument.sign(nodeCrypto, meter.device.privateKey, {
    meterId: meter.meterId,
    deviceSerial: held.value.serial,
    deviceKey: device.publicKey,
    indiciumKey: indicium.publicKey,
  });
  const certificates = granted(await office.authority.renewCertificates({ request }));
  const { device: deviceCertificate, indicium: indiciumCertificate } = certificates;
  return { ...meter, device, indicium, deviceCertificate, indiciumCertificate };
}
const refillBy = async (meter: TestMeter, sequence = 1) => {
  const held = mills(50_000 * (sequence - 1));
  const request = signRequest(meter, { sequence, descending: held });
  return refusalOf(await office.provider.refill({ request }));
};

describe('a refill request', () => {
  test('by the old key counts until one by the new key came, and then no more', async () => {
    const meter = await renewed();

    const answers = [await refillBy(old), await refillBy(meter, 2), await refillBy(old, 3)];

    expect(answers).toEqual(['ok', 'ok', 'signatureInvalid']);
    expect(await refillBy(meter, 3)).toBe('ok');
  });

  test('by a key that nobody certified is refused', async () => {
    await renewed();
    const stranger = { ...old, device: nodeCrypto.generateKeyPair() };

    expect(await refillBy(stranger)).toBe('signatureInvalid');
  });

  test('by the key of another meter is refused', async () => {
    const other = await makeMeter(office.authority);

    expect(await refillBy({ ...old, device: other.device })).toBe('signatureInvalid');
  });

  test('by the new key is refused while the authority is away, and taken when it is back', async () => {
    const line = cuttable(office.authority);
    await using provider = await office.reopen(memory(), line.link);
    const { meter } = await makeCustomer({ ...office, provider });
    const request = signRequest(await renewed(meter));
    const ask = async () => refusalOf(await provider.refill({ request }));

    line.cut = 'before';
    const away = await ask();
    line.cut = 'none';

    expect([away, await ask()]).toEqual(['signatureInvalid', 'ok']);
  });

  test('by a certificate that another authority signed is refused', async () => {
    const foreign = await makeOffice();
    const other = await makeMeter(foreign.authority);
    const { link } = cuttable(office.authority);
    const lying = {
      ...link,
      deviceCertificates: async () => ({ certificates: [other.deviceCertificate] }),
    };
    await using provider = await office.reopen(memory(), lying);
    const { meter } = await makeCustomer({ ...office, provider });
    const request = signRequest({ ...meter, device: other.device });

    expect(refusalOf(await provider.refill({ request }))).toBe('signatureInvalid');
  });
});

describe('a certificate that is brought by enrolling again', () => {
  test('takes the place of the earlier one, and never the other way', async () => {
    const meter = await renewed();
    const enrol = async (certificate: Uint8Array) =>
      refusalOf(await office.provider.enrolMeter({ customerId, certificate }));

    expect(await enrol(meter.deviceCertificate)).toBe('ok');
    expect(await enrol(old.deviceCertificate)).toBe('meterEnrolled');
    expect([await refillBy(old), await refillBy(meter)]).toEqual(['signatureInvalid', 'ok']);
  });
});
