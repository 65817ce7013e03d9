/** Licences are signed, numbered and given once, with every term that was ordered (requirements.md G1, B1, B2, A8). */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { addDays } from '#protocol/documents/date';
import { inspectionProfiles, verifyLicence } from '#protocol/documents/licence';
import { encodeMeterId } from '#protocol/documents/meter-id';
import { mills } from '#protocol/mills';
import {
  granted,
  license,
  makeAuthority,
  makeMeter,
  refusalOf,
  TODAY,
} from '#test/support/back-office';

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
    ['an end before its beginning', { validTo: 20270228 }, 'licenceInvalid'],
    ['a day that does not exist', { validTo: 20280230 }, 'licenceInvalid'],
    ['a warning after the lock', { inspectionWarnHours: 3_000 }, 'licenceInvalid'],
    ['services out of order', { services: [2, 1] }, 'licenceInvalid'],
    [
      'a least refill above the most',
      { refillMin: mills(2), refillMax: mills(1) },
      'licenceInvalid',
    ],
    [
      'certificate funds of their own in a combined account',
      { accountKind: 'combined' as const, certificateDescendingMax: mills(1) },
      'licenceInvalid',
    ],
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

  test('may state every term, and what it does not state is ordinary', async () => {
    const { authority, keys } = await makeAuthority();
    const meter = await makeMeter(authority);
    const terms = {
      accountKind: 'combined',
      validTo: 20280229,
      highValue: mills(50_000),
      refillMin: mills(10_000),
      refillMax: mills(500_000),
      refillMultiple: mills(10_000),
      lowFunds: mills(5_000),
      dayAmountMax: mills(1_000_000),
      dayPiecesMax: 10_000,
      ...inspectionProfiles.month,
      spoilageCap: 250,
      services: [1, 2, 30],
    } as const;

    const [plain, special] = [
      await license(authority, meter),
      await license(authority, meter, undefined, terms),
    ].map((licence) => verifyLicence(nodeCrypto, keys.publicKey, licence));

    expect(plain).toMatchObject({
      value: {
        accountKind: 'separate',
        certificateDescendingMax: 5_000_000,
        validTo: addDays(TODAY, 5 * 365),
        inspectionWarnHours: 90 * 24,
        inspectionLockHours: 120 * 24,
        spoilageCap: 100,
        services: [],
      },
    });
    expect(special).toMatchObject({ value: { ...terms, certificateDescendingMax: 0 } });
  });

  test('is given to whoever asks, the latest one', async () => {
    const { authority } = await makeAuthority();
    const meter = await makeMeter(authority);
    expect(refusalOf(await authority.licence(meter))).toBe('meterNotLicensed');
    await license(authority, meter);
    const second = await license(authority, meter);

    expect(granted(await authority.licence(meter)).licence).toEqual(second);
  });

  test('never turns a current account into a loaded one, or back', async () => {
    const { authority } = await makeAuthority();
    const kinds = ['current', 'separate'] as const;
    for (const [first, second] of [kinds, kinds.toReversed()]) {
      const meter = await makeMeter(authority);
      await license(authority, meter, undefined, { accountKind: first });
      const order = {
        meterId: meter.meterId,
        originZip: 20260,
        providerId: 1,
        descendingMax: mills(1_000),
        postageMin: mills(10),
        postageMax: mills(10),
      };

      const changed = await authority.grantLicence({ ...order, accountKind: second });
      const same = await authority.grantLicence({ ...order, accountKind: first });

      expect([refusalOf(changed), refusalOf(same)]).toEqual(['accountKindFixed', 'ok']);
    }
  });

  test('for a meter that was revoked is refused', async () => {
    const { authority } = await makeAuthority();
    const meter = await makeMeter(authority);
    await license(authority, meter);
    granted(await authority.orderLock({ ...meter, action: 'revoke', reason: 'stolen' }));

    await expect(license(authority, meter)).rejects.toThrow('meterRevoked');
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
