/** Making and licensing a meter through the driver, on the real image (requirements.md G1, B4, D7; domain.md R7). */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { verifyMakingProof } from '#protocol/documents/making';
import { encodeMeterId } from '#protocol/documents/meter-id';
import type { RateTableFields } from '#protocol/documents/rate-table';
import { mills } from '#protocol/mills';
import {
  authorityKeys,
  certificate,
  DESCENDING_MAX,
  hostKeys,
  licence,
  meterAt,
  meterId,
  passwords,
  providerKeys,
  rateTable,
  type TestMeter,
  TODAY,
} from '#test/support/meter';
import { expectRefused } from '#test/support/refusal';

type Making = Parameters<Meter['initialize']>[0];

const wish = (changes: Partial<Making> = {}): Making => ({
  meterId,
  authorityKey: authorityKeys.publicKey,
  userKey: hostKeys.user.publicKey,
  userPassword: passwords.user(),
  officerPassword: passwords.cryptoOfficer(),
  ...changes,
});

const text = (length: number): Uint8Array => new Uint8Array(length).fill(0x61);
const offCurve = Uint8Array.of(2, ...new Uint8Array(31), 1);

describe('initialize', () => {
  let blank: TestMeter;
  let maker: Meter;
  beforeAll(async () => {
    blank = await meterAt('blank');
    maker = await blank.session('cryptoOfficer');
  });
  afterAll(() => blank[Symbol.asyncDispose]());

  test('gives birth to keys, and proves that both were born in this device with this number', async () => {
    await using meter = await meterAt('blank');
    const maker = await meter.session('cryptoOfficer');

    const { deviceKey, indiciumKey, proof } = await maker.initialize(wish());

    expect(verifyMakingProof(nodeCrypto, { meterId, deviceKey, indiciumKey }, proof)).toBe(true);
    expect(
      verifyMakingProof(nodeCrypto, { meterId, deviceKey, indiciumKey: deviceKey }, proof),
    ).toBe(false);
    expect(deviceKey).toEqual(maker.server?.publicKey);
    expect(await maker.status()).toMatchObject({
      lifeCycle: 'keyed',
      state: 'uninitialized',
      meterId,
    });
  });

  test('again gives other indicium keys, and the same device', async () => {
    await using meter = await meterAt('blank');
    const maker = await meter.session('cryptoOfficer');
    const first = await maker.initialize(wish());

    const second = await maker.initialize(
      wish({ meterId: encodeMeterId({ model: 'TS01', serial: 43 }) }),
    );

    expect(second.deviceKey).toEqual(first.deviceKey);
    expect(second.indiciumKey).not.toEqual(first.indiciumKey);
    await expect(
      maker.installCertificates({
        device: certificate('device', first.deviceKey),
        indicium: certificate('indicium', first.indiciumKey),
      }),
    ).rejects.toMatchObject({ status: 'documentForOtherMeter' });
  });

  test.each<[string, Partial<Making>, string]>([
    ['a meter id of zeros', { meterId: new Uint8Array(8) }, 'fieldOutOfRange'],
    [
      'a meter id in small letters',
      { meterId: Uint8Array.of(0x74, ...meterId.slice(1)) },
      'fieldOutOfRange',
    ],
    ['an authority key that is no point', { authorityKey: offCurve }, 'fieldOutOfRange'],
    ['an authority key of zeros', { authorityKey: new Uint8Array(33) }, 'fieldOutOfRange'],
    ['a user key that is no point', { userKey: offCurve }, 'fieldOutOfRange'],
    ['a user password that is too short', { userPassword: text(7) }, 'passwordUnfit'],
    ['a user password that is too long', { userPassword: text(65) }, 'passwordUnfit'],
    ['an officer password that is too short', { officerPassword: text(7) }, 'passwordUnfit'],
    ['no officer password', { officerPassword: text(0) }, 'passwordUnfit'],
  ])('with %s is refused, and the device stays blank', async (_name, changes, status) => {
    await expectRefused(blank, () => maker.initialize(wish(changes)), status);

    expect(await maker.status()).toMatchObject({ lifeCycle: 'blank', meterId: new Uint8Array(8) });
  });

  test('with what is right is performed after all that was refused', async () => {
    await maker.initialize(wish());

    expect(await maker.status()).toMatchObject({ lifeCycle: 'keyed' });
  });

  test('of a blank device is not for the user', async () => {
    await using meter = await meterAt('blank');

    await expect(meter.session('user')).rejects.toMatchObject({ status: 'authenticationFailed' });
  });

  test('is over once the meter is made', async () => {
    await using meter = await meterAt('made');
    const maker = await meter.session('cryptoOfficer');

    await expectRefused(meter, () => maker.initialize(wish()), 'wrongLifeCycle');
  });
});

describe('certificates', () => {
  const stranger = nodeCrypto.generateKeyPair();
  const other = { subject: encodeMeterId({ model: 'TS01', serial: 43 }) };
  type Pair = { readonly device: Uint8Array; readonly indicium: Uint8Array };

  /** The pair as it must be, from the keys that were born. */
  const pair = (device: Uint8Array, indicium: Uint8Array): Pair => ({
    device: certificate('device', device),
    indicium: certificate('indicium', indicium),
  });
  const flip = (bytes: Uint8Array, at: number): Uint8Array =>
    bytes.map((byte, place) => (place === at ? byte ^ 1 : byte));

  let meter: TestMeter;
  let maker: Meter;
  let deviceKey: Uint8Array;
  let indiciumKey: Uint8Array;
  let right: Pair;
  beforeAll(async () => {
    meter = await meterAt('blank');
    maker = await meter.session('cryptoOfficer');
    ({ deviceKey, indiciumKey } = await maker.initialize(wish()));
    right = pair(deviceKey, indiciumKey);
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test.each<
    [string, (right: Pair, deviceKey: Uint8Array, indiciumKey: Uint8Array) => Partial<Pair>, string]
  >([
    [
      'in each other’s place',
      ({ device, indicium }) => ({ device: indicium, indicium: device }),
      'documentMismatch',
    ],
    ['of the device twice', ({ device }) => ({ indicium: device }), 'documentMismatch'],
    [
      'for the usage of a provider',
      (_, key) => ({ device: certificate('provider', key) }),
      'documentMismatch',
    ],
    [
      'for the usage of an authority',
      (_, __, key) => ({ indicium: certificate('authority', key) }),
      'documentMismatch',
    ],
    [
      'for another device key',
      () => ({ device: certificate('device', stranger.publicKey) }),
      'keyMismatch',
    ],
    [
      'for another indicium key',
      () => ({ indicium: certificate('indicium', stranger.publicKey) }),
      'keyMismatch',
    ],
    [
      'for the device key as indicium key',
      (_, key) => ({ indicium: certificate('indicium', key) }),
      'keyMismatch',
    ],
    [
      'for another meter',
      (_, key) => ({ device: certificate('device', key, other) }),
      'documentForOtherMeter',
    ],
    [
      'for another meter, the second',
      (_, __, key) => ({ indicium: certificate('indicium', key, other) }),
      'documentForOtherMeter',
    ],
    [
      'from another authority',
      (_, key) => ({ device: certificate('device', key, {}, stranger) }),
      'signatureInvalid',
    ],
    [
      'with a changed serial number',
      ({ device }) => ({ device: flip(device, 12) }),
      'signatureInvalid',
    ],
    [
      'with a changed signature',
      ({ indicium }) => ({ indicium: flip(indicium, 129) }),
      'signatureInvalid',
    ],
    ['cut short', ({ indicium }) => ({ indicium: indicium.slice(0, -1) }), 'documentMalformed'],
    [
      'with a byte too many',
      ({ device }) => ({ device: Uint8Array.of(...device, 0) }),
      'documentMalformed',
    ],
    ['that are nothing', () => ({ device: new Uint8Array(0) }), 'documentMalformed'],
  ])('%s are refused, and the meter is not made', async (_name, wrong, status) => {
    const asked = { ...right, ...wrong(right, deviceKey, indiciumKey) };

    await expectRefused(meter, () => maker.installCertificates(asked), status);

    expect(await maker.status()).toMatchObject({ lifeCycle: 'keyed' });
    expect((await maker.certificates()).device).toHaveLength(0);
  });

  test('make a meter, which shows them from then on', async () => {
    expect(await maker.certificates()).toEqual({
      device: new Uint8Array(0),
      indicium: new Uint8Array(0),
    });

    await maker.installCertificates(right);

    expect(await maker.status()).toMatchObject({ lifeCycle: 'made' });
    expect(await maker.certificates()).toEqual(right);
    await expectRefused(meter, () => maker.installCertificates(right), 'wrongLifeCycle');
  });
});

const elsewhere = { meterId: encodeMeterId({ model: 'TS01', serial: 43 }) };

describe('a licence', () => {
  let meter: TestMeter;
  let officer: Meter;
  beforeAll(async () => {
    meter = await meterAt('made');
    officer = await meter.loggedIn('cryptoOfficer');
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('that ended yesterday does not register a meter', async () => {
    const ended = licence({ issueDate: 20260101, validTo: 20260228 });

    await expectRefused(meter, () => officer.register(ended), 'documentNotValidNow');
  });

  test('registers the meter, which shows it', async () => {
    expect(await officer.licence()).toEqual({ licence: new Uint8Array(0) });

    const document = licence();
    await officer.register(document);

    expect(await officer.status()).toMatchObject({ lifeCycle: 'registered' });
    expect(await officer.licence()).toEqual({ licence: document });
  });

  test.each<[string, Uint8Array, string]>([
    ['for another meter', licence({ ...elsewhere, sequence: 2 }), 'documentForOtherMeter'],
    ['that is the same', licence(), 'documentOutdated'],
    ['of an older sequence', licence({ sequence: 0 }), 'documentOutdated'],
    ['from the provider', licence({ sequence: 2 }, providerKeys), 'signatureInvalid'],
    [
      'that ended yesterday',
      licence({ sequence: 2, issueDate: 20260101, validTo: 20260228 }),
      'documentNotValidNow',
    ],
    [
      'with one bit changed',
      licence({ sequence: 2 }).map((byte, at) => (at === 30 ? byte ^ 1 : byte)),
      'signatureInvalid',
    ],
    ['cut short', licence({ sequence: 2 }).slice(0, -1), 'documentMalformed'],
    ['that is a rate table', rateTable({ version: 2 }), 'documentMalformed'],
  ])('%s is refused, and the one before stays', async (_name, document, status) => {
    await expectRefused(meter, () => officer.register(document), status);

    expect(await officer.registers()).toMatchObject({ descendingMax: DESCENDING_MAX });
  });

  test('that is later takes the place of the one before, on its last day too', async () => {
    const later = licence({ sequence: 5, descendingMax: mills(7_000), validTo: TODAY });

    await officer.register(later);

    expect(await officer.registers()).toMatchObject({ descendingMax: 7_000 });
    expect(await officer.condition()).toMatchObject({
      licenceSequence: 5,
      locks: { licenceExpired: false },
      warnings: { licenceExpiring: true },
    });
  });

  test('is not taken while the clock is not trusted', async () => {
    meter.clock.loseTrust();

    await expectRefused(meter, () => officer.register(licence({ sequence: 6 })), 'clockNotTrusted');
  });
});

describe('a rate table', () => {
  /** As many rates as the number says. */
  const long = (count: number, fields: Partial<RateTableFields> = {}): Uint8Array =>
    rateTable({
      version: 2,
      rates: Array.from({ length: count }, (_, serviceId) => ({
        serviceId,
        kind: 'fixed',
        minimum: mills(780),
        maximum: mills(780),
        steps: [],
      })),
      ...fields,
    });
  /** 4,090 bytes; one more would be 4,100. */
  const LONGEST = 400;

  let meter: TestMeter;
  let officer: Meter;
  beforeAll(async () => {
    meter = await meterAt('registered');
    officer = await meter.loggedIn('cryptoOfficer');
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test.each<[string, Uint8Array, string]>([
    ['of the same version', rateTable(), 'documentOutdated'],
    ['of an older version', rateTable({ version: 0 }), 'documentOutdated'],
    ['that ended yesterday', rateTable({ version: 2, validTo: 20260228 }), 'documentNotValidNow'],
    ['from the provider', rateTable({ version: 2 }, providerKeys), 'signatureInvalid'],
    [
      'with one bit changed',
      rateTable({ version: 2 }).map((byte, at) => (at === 40 ? byte ^ 1 : byte)),
      'signatureInvalid',
    ],
    ['cut short', rateTable({ version: 2 }).slice(0, -1), 'documentMalformed'],
    ['that is a licence', licence({ sequence: 2 }), 'documentMalformed'],
    ['that does not fit the store', long(LONGEST + 1), 'fieldOutOfRange'],
  ])('%s is refused, and the one before stays', async (_name, document, status) => {
    await expectRefused(meter, () => officer.installRateTable(document), status);
  });

  test('is taken on its last day', async () => {
    await officer.installRateTable(rateTable({ version: 2, validTo: TODAY }));

    expect(await officer.condition()).toMatchObject({ rateVersion: 2, nextRateVersion: 0 });
  });

  test('of the largest size is taken and kept, beside one loaded ahead and the longest licence', async () => {
    const current = long(LONGEST, { version: 10 });
    const next = long(LONGEST, { version: 11, validFrom: TODAY + 1 });
    const services = Array.from({ length: 255 }, (_, service) => service);
    const longest = licence({ sequence: 2, services });

    await officer.installRateTable(current);
    await officer.installRateTable(next);
    await officer.register(longest);
    meter.board.powerOff();
    meter.board.powerOn();

    const user = await meter.session('user');
    expect(await user.status()).toMatchObject({ state: 'uninitialized', fault: 0 });
    expect(await user.rateTables()).toEqual({ current, next });
    expect(await user.licence()).toEqual({ licence: longest });
  });

  test('is not taken while the clock is not trusted', async () => {
    const user = await meter.loggedIn('user');
    meter.clock.loseTrust();

    await expectRefused(
      meter,
      () => user.installRateTable(rateTable({ version: 12 })),
      'clockNotTrusted',
    );
  });
});
