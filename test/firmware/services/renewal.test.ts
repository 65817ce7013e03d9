/** Another device key and another indicium key for a meter, on the real image (requirements.md B8, F8, G8). */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import type { RequestOf, ResponseOf } from '#protocol/command';
import type { KeyPair } from '#protocol/crypto';
import {
  type CompactCertificate,
  readCompactCertificate,
} from '#protocol/documents/compact-certificate';
import { verifyIndicium } from '#protocol/documents/indicium';
import { type KeyRenewal, keyRenewalDocument } from '#protocol/documents/key-renewal';
import { encodeMeterId } from '#protocol/documents/meter-id';
import { verifyRefillRequest } from '#protocol/documents/refill';
import { mills } from '#protocol/mills';
import { lineCertificate, lineKeys } from '#test/support/authority-line';
import { atEachCut } from '#test/support/each-cut';
import { letter } from '#test/support/mail';
import {
  certificate,
  FUNDS,
  flashAfter,
  meterAt,
  meterId,
  meterWith,
  purchase,
  type TestMeter,
} from '#test/support/meter';
import { expectRefused } from '#test/support/refusal';

type Certificates = RequestOf<'installRenewedKeys'>;

function keysIn(request: Uint8Array): KeyRenewal {
  const read = keyRenewalDocument.read(request);
  if (!read.ok) throw new Error(read.status);
  return read.value;
}

const certified = ({ deviceKey, indiciumKey }: KeyRenewal, issuer?: KeyPair): Certificates => ({
  device: certificate('device', deviceKey, { serial: 8 }, issuer),
  indicium: certificate('indicium', indiciumKey, { serial: 9 }, issuer),
});

function fieldsOf(bytes: Uint8Array): CompactCertificate {
  const read = readCompactCertificate(bytes);
  if (!read.ok) throw new Error(read.status);
  return read.value;
}
const keyOf = (bytes: Uint8Array): Uint8Array => fieldsOf(bytes).publicKey;
const serialsOf = ({ device, indicium }: ResponseOf<'certificates'>) =>
  [device, indicium].map((bytes) => fieldsOf(bytes).serial);

/** A meter with keys that wait, and what it asked for. */
let asked: Uint8Array;
const waiting = flashAfter('refilled', async (meter) => {
  asked = (await (await meter.loggedIn('cryptoOfficer')).renewKeys()).request;
});

describe('a request for other keys', () => {
  let meter: TestMeter;
  let officer: Meter;
  beforeAll(async () => {
    meter = await meterAt('refilled');
    officer = await meter.loggedIn('cryptoOfficer');
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('without which no certificates are taken', async () => {
    const none = certified({
      meterId,
      deviceSerial: 7,
      deviceKey: lineKeys(1).publicKey,
      indiciumKey: lineKeys(2).publicKey,
    });

    await expectRefused(meter, () => officer.installRenewedKeys(none), 'noRenewalPending');
  });

  test('is signed by the key that counts, and the same keys are asked for until they count', async () => {
    const before = await officer.certificates();
    const registers = await officer.registers();

    const first = await officer.renewKeys();
    const again = await officer.renewKeys();

    const deviceKey = keyOf(before.device);
    for (const { request } of [first, again]) {
      const read = keyRenewalDocument.verify(nodeCrypto, deviceKey, request);
      expect(read).toMatchObject({ ok: true, value: { meterId, deviceSerial: 7 } });
    }
    expect(keysIn(again.request)).toEqual(keysIn(first.request));
    const born = keysIn(first.request);
    expect(born.deviceKey).not.toEqual(born.indiciumKey);
    expect([deviceKey, keyOf(before.indicium)]).not.toContainEqual(born.deviceKey);
    expect(await officer.certificates()).toEqual(before);
    expect(await officer.registers()).toEqual(registers);
  });

  test('is kept over power, with the keys', async () => {
    const { request } = await officer.renewKeys();

    await using again = meterWith(meter.flash);
    const other = await (await again.loggedIn('cryptoOfficer')).renewKeys();

    expect(keysIn(other.request)).toEqual(keysIn(request));
  });

  test('is for the officer alone', async () => {
    await using own = await meterAt('refilled');
    const user = await own.loggedIn('user');

    await expectRefused(own, () => user.renewKeys(), 'wrongRole');
  });

  test('is made anew once another authority key certifies', async () => {
    await using own = await meterAt('refilled');
    const host = await own.loggedIn('cryptoOfficer');
    await host.installAuthorityKey(lineCertificate(1));
    const { request } = await host.renewKeys();

    await host.installAuthorityKey(lineCertificate(2));

    await expectRefused(
      own,
      () => host.installRenewedKeys(certified(keysIn(request))),
      'noRenewalPending',
    );
    const born = keysIn((await host.renewKeys()).request);
    expect(born.deviceKey).not.toEqual(keysIn(request).deviceKey);
    await host.installRenewedKeys(certified(born, lineKeys(2)));
  });
});

describe('certificates of other keys', () => {
  let meter: TestMeter;
  let officer: Meter;
  beforeAll(async () => {
    meter = meterWith(await waiting());
    officer = await meter.loggedIn('cryptoOfficer');
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  const stranger = nodeCrypto.generateKeyPair();
  const otherMeter = { subject: encodeMeterId({ model: 'TS01', serial: 43 }) };
  test.each<[string, (good: Certificates, born: KeyRenewal) => Partial<Certificates>, string]>([
    [
      'for another device key',
      () => ({ device: certificate('device', stranger.publicKey, { serial: 8 }) }),
      'keyMismatch',
    ],
    [
      'for another indicium key',
      () => ({ indicium: certificate('indicium', stranger.publicKey, { serial: 9 }) }),
      'keyMismatch',
    ],
    [
      'for each other',
      (_, { deviceKey, indiciumKey }) =>
        certified({ ...keysIn(asked), deviceKey: indiciumKey, indiciumKey: deviceKey }),
      'keyMismatch',
    ],
    [
      'of another meter',
      (_, { deviceKey }) => ({
        device: certificate('device', deviceKey, { ...otherMeter, serial: 8 }),
      }),
      'documentForOtherMeter',
    ],
    [
      'of another meter, for its indicia',
      (_, { indiciumKey }) => ({
        indicium: certificate('indicium', indiciumKey, { ...otherMeter, serial: 9 }),
      }),
      'documentForOtherMeter',
    ],
    [
      'in the wrong order',
      ({ device, indicium }) => ({ device: indicium, indicium: device }),
      'documentMismatch',
    ],
    [
      'of another usage',
      (_, { indiciumKey }) => ({ indicium: certificate('provider', indiciumKey, { serial: 9 }) }),
      'documentMismatch',
    ],
    ['of a foreign authority', (_, born) => certified(born, stranger), 'signatureInvalid'],
    [
      'not later than those it has',
      (_, { deviceKey }) => ({ device: certificate('device', deviceKey, { serial: 7 }) }),
      'documentOutdated',
    ],
    [
      'not later than that of its indicia',
      (_, { indiciumKey }) => ({ indicium: certificate('indicium', indiciumKey, { serial: 7 }) }),
      'documentOutdated',
    ],
    ['cut short', ({ device }) => ({ device: device.slice(0, -1) }), 'documentMalformed'],
    ['that are none', () => ({ indicium: new Uint8Array(0) }), 'documentMalformed'],
  ])('%s are refused, and the keys go on waiting', async (_name, change, status) => {
    const born = keysIn(asked);
    const good = certified(born);

    await expectRefused(
      meter,
      () => officer.installRenewedKeys({ ...good, ...change(good, born) }),
      status,
    );

    expect(keysIn((await officer.renewKeys()).request)).toEqual(born);
  });
});

describe('a renewal', () => {
  let meter: TestMeter;
  let flashBefore: Uint8Array;
  let piece: Uint8Array;
  let before: ResponseOf<'certificates'>;
  let registers: ResponseOf<'registers'>;
  beforeAll(async () => {
    meter = meterWith(await waiting());
    const user = await meter.loggedIn('user');
    piece = (await user.createIndicium(letter(1))).indicium;
    await user.refillRequest(purchase(mills(5_000)));
    registers = await user.registers();
    before = await user.certificates();
    flashBefore = meter.flash.contents();
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('ends the session that asked for it', async () => {
    const officer = await meter.loggedIn('cryptoOfficer');

    await officer.installRenewedKeys(certified(keysIn(asked)));

    await expect(officer.registers()).rejects.toMatchObject({ status: 'sessionEnded' });
    expect(await (await meter.anonymous()).status()).toMatchObject({
      state: 'uninitialized',
      caller: 'nobody',
    });
  });

  test('leaves registers and counts as they were, and what is under way', async () => {
    const user = await meter.session('user');

    expect(await user.registers()).toEqual(registers);
    expect(serialsOf(await user.certificates())).toEqual([8, 9]);
  });

  test('leaves the old keys nowhere in flash, sealed or in clear', () => {
    const oldKeys = [before.device, before.indicium].map(keyOf);
    const sealed = oldKeys.map((key) => sealedBehind(flashBefore, key));
    const contents = meter.flash.contents();

    expect(sealed.map((bytes) => bytes.length)).toEqual([60, 60]);
    for (const bytes of [...oldKeys, ...sealed]) {
      expect(holds(flashBefore, bytes)).toBe(true);
      expect(holds(contents, bytes)).toBe(false);
    }
  });

  test('signs what comes after by the new keys; what came before still verifies by the old ones', async () => {
    const user = await meter.loggedIn('user');

    const { indicium } = await user.createIndicium(letter(2));
    const { request } = await user.refillRequest(purchase(mills(5_000)));

    const { deviceKey } = keysIn(asked);
    const after = fieldsOf(certified(keysIn(asked)).indicium);
    expect(verifyIndicium(nodeCrypto, indicium, after)).toMatchObject({
      ok: true,
      value: { certificateSerial: 9, pieceCount: 2 },
    });
    expect(verifyIndicium(nodeCrypto, piece, fieldsOf(before.indicium))).toMatchObject({
      ok: true,
      value: { certificateSerial: 7, pieceCount: 1 },
    });
    expect(verifyRefillRequest(nodeCrypto, deviceKey, request).ok).toBe(true);
    expect(verifyRefillRequest(nodeCrypto, keyOf(before.device), request).ok).toBe(false);
  });

  test('gives an old piece again as it was', async () => {
    const user = await meter.loggedIn('user');

    expect((await user.reprintIndicium(letter(1).requestId)).indicium.slice(0, 64)).toEqual(
      piece.slice(0, 64),
    );
  });

  test('is written down', async () => {
    const user = await meter.session('user');

    const { records } = await user.readLog(1);

    const events = Array.from({ length: records.length / 64 }, (_, at) => records[at * 64]);
    expect(events.filter((event) => event === 20)).toHaveLength(1);
  });

  test('is not done twice by the same certificates, and another one follows', async () => {
    const officer = await meter.loggedIn('cryptoOfficer');
    const same = certified(keysIn(asked));
    await expectRefused(meter, () => officer.installRenewedKeys(same), 'noRenewalPending');

    const next = keysIn((await officer.renewKeys()).request);

    expect(next.deviceSerial).toBe(8);
    await expectRefused(meter, () => officer.installRenewedKeys(same), 'keyMismatch');
  });
});

const holds = (flash: Uint8Array, bytes: Uint8Array): boolean =>
  Buffer.from(flash).includes(Buffer.from(bytes));

/** What stands behind a public key in the store: the sealed private one. */
function sealedBehind(flash: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const at = Buffer.from(flash).indexOf(Buffer.from(publicKey)) + publicKey.length;
  return flash.slice(at + 1, at + 1 + (flash[at] as number));
}

/** The keys that sign, by a piece and by a refill request. */
async function keysThatSign(meter: TestMeter): Promise<'old' | 'new'> {
  const user = await meter.loggedIn('user');
  const { indicium } = await user.createIndicium(letter(1));
  const { request } = await user.refillRequest(purchase(mills(5_000)));
  const { device, indicium: ofIndicia } = await user.certificates();
  expect(verifyIndicium(nodeCrypto, indicium, fieldsOf(ofIndicia)).ok).toBe(true);
  expect(verifyRefillRequest(nodeCrypto, keyOf(device), request).ok).toBe(true);
  const serials = serialsOf({ device, indicium: ofIndicia });
  expect([
    [7, 7],
    [8, 9],
  ]).toContainEqual(serials);
  expect(await user.registers()).toMatchObject({ pieceCount: 1 });
  return serials[0] === 7 ? 'old' : 'new';
}

describe('power cut at every operation of the flash', () => {
  test('while other keys are born leaves the old ones, with those that wait or without', async () => {
    const asking = await meterAt('refilled');
    const contents = asking.flash.contents();
    await asking[Symbol.asyncDispose]();

    const operations = await atEachCut(
      contents,
      (meter) => meter.loggedIn('cryptoOfficer'),
      (officer) => officer.renewKeys({ timeoutMs: 20 }),
      async (meter, boot) => {
        if (boot === 0) expect(await keysThatSign(meter)).toBe('old');
        const officer = await meter.loggedIn('cryptoOfficer');
        const born = keysIn((await officer.renewKeys()).request);
        await officer.installRenewedKeys(certified(born));
      },
    );

    expect(operations).toBeGreaterThan(5);
  });

  test('while they take over leaves the old ones or the new ones, never a mixture, and erases the old ones', async () => {
    const contents = (await waiting()).contents();
    const born = keysIn(asked);
    const found = new Set<string>();
    const reading = meterWith(await waiting());
    const old = await (await reading.anonymous()).certificates();
    await reading[Symbol.asyncDispose]();
    const gone = [old.device, old.indicium].map((bytes) => sealedBehind(contents, keyOf(bytes)));

    const operations = await atEachCut(
      contents,
      (meter) => meter.loggedIn('cryptoOfficer'),
      (officer) => officer.installRenewedKeys(certified(born), { timeoutMs: 20 }),
      async (meter) => {
        const outcome = await keysThatSign(meter);
        found.add(outcome);
        const flash = meter.flash.contents();
        for (const bytes of gone) expect(holds(flash, bytes)).toBe(outcome === 'old');
        if (outcome === 'old')
          await (await meter.loggedIn('cryptoOfficer')).installRenewedKeys(certified(born));
        const user = await meter.session('user');
        expect(serialsOf(await user.certificates())).toEqual([8, 9]);
        expect((await user.registers()).credited).toBe(FUNDS);
      },
    );

    expect(operations).toBeGreaterThan(10);
    expect([...found].toSorted()).toEqual(['new', 'old']);
  });
});
