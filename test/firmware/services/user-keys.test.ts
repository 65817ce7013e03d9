/** Keys of the user on the real image, by the numerals of P figs. 5 and 6 (requirements.md B8, D4, D5; domain.md R11, R51, R53). */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { ascii } from '#protocol/bytes';
import { readCompactCertificate } from '#protocol/documents/compact-certificate';
import { keyRequestDocument, keyUsesOf } from '#protocol/documents/user-key';
import { signedStructure } from '#protocol/x509';
import { atEachCut } from '#test/support/each-cut';
import {
  licence,
  meterAt,
  meterId,
  meterWith,
  providerKeys,
  type TestMeter,
} from '#test/support/meter';
import { expectRefused } from '#test/support/refusal';
import {
  CERTIFICATE_FUNDS,
  charges,
  grantFor,
  holder,
  keyRequestIn,
  servicesFlash,
  servicesTable,
  transaction,
  x509For,
} from '#test/support/user-keys';

async function deviceKeyOf(meter: Meter): Promise<Uint8Array> {
  const read = readCompactCertificate((await meter.certificates()).device);
  if (!read.ok) throw new Error(read.status);
  return read.value.publicKey;
}

async function onlyKey(meter: Meter): Promise<number> {
  const { keys } = await meter.userKeys();
  return keys.length;
}

describe('fig. 5, a request', () => {
  let meter: TestMeter;
  let officer: Meter;
  beforeAll(async () => {
    meter = meterWith(await servicesFlash());
    officer = await meter.loggedIn('cryptoOfficer');
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('510, 512: a key that nobody asked the meter for before, asked for by both keys', async () => {
    const wanted = holder('sign', 'authenticate');

    const { number, requestInfo, requestSignature, request } = await officer.requestKey(wanted);

    const fields = keyRequestIn(request);
    const csr = signedStructure(requestInfo, requestSignature);
    expect(nodeCrypto.verify(fields.publicKey, requestInfo, requestSignature)).toBe(true);
    expect(fields).toMatchObject({ meterId, number, ...wanted, csrDigest: nodeCrypto.sha256(csr) });
    const byDevice = keyRequestDocument.verify(nodeCrypto, await deviceKeyOf(officer), request);
    expect(byDevice.ok).toBe(true);
    expect(Buffer.from(requestInfo).includes('TS01-0000000042')).toBe(true);
    const [held] = (await officer.userKeys()).keys;
    expect(held).toMatchObject({ number, isActive: false, isImported: false, ...wanted });
  });

  test('the same request asks for the same key, another for another', async () => {
    const first = await officer.requestKey(holder('sign', 'authenticate'));
    const again = await officer.requestKey(holder('sign', 'authenticate'));
    const other = await officer.requestKey(holder('agree'));

    expect(again).toEqual(first);
    expect(other.number).toBe(first.number + 1);
  });

  test('nothing is charged before the certificate is there', async () => {
    expect((await officer.registers()).certificateDescending).toBe(CERTIFICATE_FUNDS);
  });

  test('uses that do not go together, and a name with a control character, are refused', async () => {
    const ask = (wanted: Parameters<Meter['requestKey']>[0]) => officer.requestKey(wanted);
    const uses = { ...keyUsesOf('sign'), pay: true };

    await expect(ask({ ...holder('sign'), uses })).rejects.toThrow();
    await expect(ask({ ...holder('sign'), commonName: ascii('a\nb') })).rejects.toThrow();
    await expect(ask({ ...holder('sign'), commonName: ascii('') })).rejects.toThrow();
    await expectRefused(meter, () => ask(holder('issue')), 'fieldOutOfRange');
  });

  test('eight keys are as many as it keeps; one that waits can be dropped, and its number is not given again', async () => {
    for (let key = await onlyKey(officer); key < 8; key++)
      await officer.requestKey({ ...holder('sign'), commonName: ascii(`Holder ${key}`) });
    const more = { ...holder('sign'), commonName: ascii('One more') };
    await expectRefused(meter, () => officer.requestKey(more), 'keysFull');

    await officer.dropKey(3);
    await expectRefused(meter, () => officer.dropKey(3), 'keyUnknown');

    expect((await officer.requestKey(more)).number).toBe(9);
  });

  test('506: without funds for its certificate no key is begun', async () => {
    await using poor = await meterAt('refilled');
    const caller = await poor.loggedIn('cryptoOfficer');
    await expectRefused(poor, () => caller.requestKey(holder('sign')), 'serviceUnknown');
    await caller.installRateTable(servicesTable());
    const missing = charges.certificate;
    await expectRefused(
      poor,
      () => caller.requestKey(holder('sign')),
      'insufficientFunds',
      missing,
    );
  });
});

describe('fig. 5, an installation', () => {
  let meter: TestMeter;
  let officer: Meter;
  beforeAll(async () => {
    meter = meterWith(await servicesFlash());
    officer = await meter.loggedIn('cryptoOfficer');
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('520: charges for the certificate and makes the key active, once for each request', async () => {
    const request = keyRequestIn((await officer.requestKey(holder('timeStamp'))).request);
    const certificate = x509For(request.publicKey);
    const installation = { requestId: transaction(), grant: grantFor(request, certificate) };

    expect(await officer.installKey(installation)).toEqual({ number: request.number });
    expect(await officer.installKey(installation)).toEqual({ number: request.number });

    const registers = await officer.registers();
    expect(registers).toMatchObject({
      certificateAscending: charges.certificate,
      certificateDescending: CERTIFICATE_FUNDS - charges.certificate,
      certificatePieceCount: 1,
    });
    const [held] = (await officer.userKeys()).keys;
    const certificateDigest = nodeCrypto.sha256(certificate);
    expect(held).toMatchObject({ isActive: true, certificateDigest, validTo: 20261231 });
    const twice = { ...installation, requestId: transaction() };
    await expectRefused(meter, () => officer.installKey(twice), 'documentOutdated');
    await expectRefused(meter, () => officer.dropKey(request.number), 'keyHeld');
  });

  test('516: what the authority did not grant for this key of this meter is refused', async () => {
    const request = keyRequestIn((await officer.requestKey(holder('sign'))).request);
    const certificate = x509For(request.publicKey);
    const install =
      (
        ...changes: Parameters<typeof grantFor> extends [unknown, unknown, ...infer R] ? R : never
      ) =>
      () =>
        officer.installKey({
          requestId: transaction(),
          grant: grantFor(request, certificate, ...changes),
        });
    const otherMeter = meterId.map((byte, at) => (at === 4 ? byte ^ 1 : byte));

    await expectRefused(meter, install({}, providerKeys), 'signatureInvalid');
    await expectRefused(meter, install({ meterId: otherMeter }), 'documentForOtherMeter');
    await expectRefused(meter, install({ number: 7 }), 'keyUnknown');
    await expectRefused(meter, install({ publicKey: providerKeys.publicKey }), 'keyMismatch');
    await expectRefused(meter, install({ uses: keyUsesOf('pay') }), 'documentMismatch');
  });

  test('a key that waits can do nothing, and one whose certificate ended neither', async () => {
    const user = await meter.loggedIn('user');
    const stamp = (number: number) => () =>
      user.postmark({
        requestId: transaction(),
        number,
        isStreamed: false,
        digest: new Uint8Array(32),
        nonce: new Uint8Array(0),
      });
    await expectRefused(meter, stamp(2), 'keyNotActive');
    const officerAgain = await meter.loggedIn('cryptoOfficer');
    const request = keyRequestIn((await officerAgain.requestKey(holder('timeStamp'))).request);
    const grant = grantFor(request, x509For(request.publicKey), { validTo: 20260228 });
    await officerAgain.installKey({ requestId: transaction(), grant });
    const again = await meter.loggedIn('user');

    await expectRefused(
      meter,
      () =>
        again.postmark({
          requestId: transaction(),
          number: request.number,
          isStreamed: false,
          digest: new Uint8Array(32),
          nonce: new Uint8Array(0),
        }),
      'keyExpired',
    );
  });
});

describe('a key that was made elsewhere', () => {
  test('is taken only where the licence names that, and then waits as others do', async () => {
    await using meter = meterWith(await servicesFlash());
    const officer = await meter.loggedIn('cryptoOfficer');
    const { privateKey, publicKey } = nodeCrypto.generateKeyPair();
    const given = () => ({ ...holder('sign'), privateKey: privateKey.slice() });
    await expectRefused(meter, () => officer.importKey(given()), 'serviceNotLicensed');
    await officer.register(licence({ sequence: 2, services: [1, 302, 305, 314] }));

    const first = await officer.importKey(given());
    const again = await officer.importKey(given());

    expect(keyRequestIn(first.request).publicKey).toEqual(publicKey);
    expect(again).toEqual(first);
    expect((await officer.userKeys()).keys).toMatchObject([{ isImported: true, publicKey }]);
    const otherwise = { ...given(), uses: keyUsesOf('agree') };
    await expectRefused(meter, () => officer.importKey(otherwise), 'keyHeld');
    for (const bytes of [new Uint8Array(32), new Uint8Array(32).fill(0xff)])
      await expectRefused(
        meter,
        () => officer.importKey({ ...holder('sign'), privateKey: bytes.slice() }),
        'fieldOutOfRange',
      );
    const { records } = await officer.readLog(0 as never);
    expect(records.length).toBeGreaterThan(0);
  });
});

test('power cut anywhere while a key is born: it waits, whole, or there is none', async () => {
  const contents = (await servicesFlash()).contents();

  const operations = await atEachCut(
    contents,
    (cut) => cut.loggedIn('cryptoOfficer'),
    (officer) => officer.requestKey(holder('sign'), { timeoutMs: 20 }),
    async (again) => {
      const officer = await again.loggedIn('cryptoOfficer').catch(() => {
        again.clock.advance(60_000);
        return again.loggedIn('cryptoOfficer');
      });
      const { keys } = await officer.userKeys();
      expect(keys.length).toBeLessThan(2);
      const { number } = await officer.requestKey(holder('sign'));
      expect(number).toBe(1);
      expect((await officer.userKeys()).keys).toHaveLength(1);
    },
    { cryptoEngine: true },
  );
  expect(operations).toBeGreaterThan(5);
});
