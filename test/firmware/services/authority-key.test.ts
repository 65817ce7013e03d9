/** The authority key of a meter and the one that takes its place, on the real image (requirements.md D8, G8). */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { authorityKeyDocument } from '#protocol/documents/authority-key';
import { issueLockOrder } from '#protocol/documents/orders';
import { logEventNames } from '#protocol/documents/security-log';
import {
  foreignAuthority,
  lineCertificate,
  lineKeys,
  lineUpTo,
} from '#test/support/authority-line';
import { atEachCut } from '#test/support/each-cut';
import {
  authorityKeys,
  flashAfter,
  licence,
  meterAt,
  meterId,
  meterWith,
  rateTable,
  type TestMeter,
} from '#test/support/meter';
import { expectRefused } from '#test/support/refusal';

const flip = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, place) => (place === at ? byte ^ 1 : byte));
const sequenceOf = (certificate: Uint8Array): number => {
  const read = authorityKeyDocument.read(certificate);
  return read.ok ? read.value.sequence : 0;
};

/** A registered meter that knows the hash of the second key. */
const announced = flashAfter('refilled', async (meter) => {
  await (await meter.anonymous()).installAuthorityKey(lineCertificate(1));
});

describe('a meter that knows no next key', () => {
  let meter: TestMeter;
  let anybody: Meter;
  beforeAll(async () => {
    meter = await meterAt('refilled');
    anybody = await meter.anonymous();
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('shows its authority key, and that nothing is announced', async () => {
    expect(await anybody.authorityKey()).toEqual({
      key: authorityKeys.publicKey,
      certificate: new Uint8Array(0),
    });
  });

  test.each<[string, Uint8Array, string]>([
    ['the second key, of which it was never told', lineCertificate(2), 'authorityKeyUnannounced'],
    ['a later key of the same authority', lineCertificate(3), 'signatureInvalid'],
    [
      'the announcement of another authority',
      lineCertificate(1, { own: foreignAuthority }),
      'signatureInvalid',
    ],
    ['a changed announcement', flip(lineCertificate(1), 90), 'signatureInvalid'],
    ['nothing', new Uint8Array(0), 'documentMalformed'],
  ])('refuses %s', async (_name, certificate, status) => {
    await expectRefused(meter, () => anybody.installAuthorityKey(certificate), status);
  });

  test('takes the announcement of its own key, once, and keeps it over power', async () => {
    await anybody.installAuthorityKey(lineCertificate(1));

    await expectRefused(
      meter,
      () => anybody.installAuthorityKey(lineCertificate(1)),
      'documentOutdated',
    );
    const other = lineCertificate(1, { next: foreignAuthority });
    await expectRefused(meter, () => anybody.installAuthorityKey(other), 'documentOutdated');
    await using again = meterWith(meter.flash);
    expect(await (await again.anonymous()).authorityKey()).toEqual({
      key: authorityKeys.publicKey,
      certificate: lineCertificate(1),
    });
  });
});

describe('a meter that knows the hash of the next key', () => {
  let meter: TestMeter;
  let anybody: Meter;
  beforeAll(async () => {
    meter = meterWith(await announced());
    anybody = await meter.anonymous();
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  const second = lineCertificate(2);
  const stranger = nodeCrypto.generateKeyPair();
  test.each<[string, Uint8Array, string]>([
    [
      'another key, though the old one signed it',
      lineCertificate(2, { own: stranger }),
      'authorityKeyUnannounced',
    ],
    [
      'the announced key, signed by a stranger in place of the old one',
      lineCertificate(2, { previous: stranger }),
      'signatureInvalid',
    ],
    ['the key behind the next one', lineCertificate(3), 'authorityKeyOutOfTurn'],
    ['the announcement that it has', lineCertificate(1), 'documentOutdated'],
    [
      'the first key of another authority',
      lineCertificate(1, { own: foreignAuthority }),
      'signatureInvalid',
    ],
    ['a key with a changed sequence', flip(second, 12), 'signatureInvalid'],
    ['a key with a changed announcement', flip(second, 90), 'signatureInvalid'],
    ['a key with a changed signature of the old one', flip(second, 130), 'signatureInvalid'],
    ['a key with a changed signature of its own', flip(second, 245), 'signatureInvalid'],
    ['a key cut short', second.slice(0, -1), 'documentMalformed'],
    ['a key with a byte too many', Uint8Array.of(...second, 0), 'documentMalformed'],
    ['a rate table', rateTable(), 'documentMalformed'],
  ])('refuses %s, and keeps its own', async (_name, certificate, status) => {
    await expectRefused(meter, () => anybody.installAuthorityKey(certificate), status);

    expect((await anybody.authorityKey()).key).toEqual(authorityKeys.publicKey);
  });

  test('takes it; then documents of the new key count, and those of the old one do not', async () => {
    await anybody.installAuthorityKey(second);

    expect((await anybody.authorityKey()).key).toEqual(lineKeys(2).publicKey);
    const officer = await meter.loggedIn('cryptoOfficer');
    const [before, after] = [authorityKeys, lineKeys(2)];
    const later = { sequence: 2 };
    await expectRefused(meter, () => officer.register(licence(later, before)), 'signatureInvalid');
    const table = { version: 2 };
    await expectRefused(
      meter,
      () => officer.installRateTable(rateTable(table, before)),
      'signatureInvalid',
    );
    await officer.register(licence(later, after));
    await officer.installRateTable(rateTable(table, after));
    await officer.applyLockOrder(unlocking(after.publicKey));
  });

  test('writes down that it did', async () => {
    const user = await meter.session('user');

    const { records } = await user.readLog(1);

    const events = Array.from({ length: records.length / 64 }, (_, at) => records[at * 64]);
    expect(events.filter((event) => event === logEventNames.indexOf('authorityKey'))).toHaveLength(
      2,
    ); // announcement, and second key
  });
});

function unlocking(signer: Uint8Array): Uint8Array {
  const pair = [authorityKeys, lineKeys(2)].find((each) => each.publicKey === signer);
  if (pair === undefined) throw new Error('no such key');
  const order = { meterId, sequence: 1, action: 'unlock', reason: 'ordered', timeMs: 1 } as const;
  return issueLockOrder(nodeCrypto, pair, order);
}

test('three keys in a row lead to the fourth, and none of them can be skipped or taken back', async () => {
  await using meter = meterWith(await announced());
  const anybody = await meter.anonymous();

  for (const sequence of [2, 3, 4]) {
    if (sequence < 4)
      await expectRefused(
        meter,
        () => anybody.installAuthorityKey(lineCertificate(sequence + 1)),
        'authorityKeyOutOfTurn',
      );
    await anybody.installAuthorityKey(lineCertificate(sequence));
    for (const earlier of lineUpTo(sequence))
      await expectRefused(meter, () => anybody.installAuthorityKey(earlier), 'documentOutdated');
  }

  expect((await anybody.authorityKey()).key).toEqual(lineKeys(4).publicKey);
});

test('a meter gets its first announcement while it is made; making it anew forgets it', async () => {
  await using meter = await meterAt('keyed');
  const anybody = await meter.anonymous();

  await anybody.installAuthorityKey(lineCertificate(1));

  expect((await anybody.authorityKey()).certificate).toEqual(lineCertificate(1));
  const maker = await meter.session('cryptoOfficer');
  await maker.initialize({
    meterId,
    authorityKey: foreignAuthority.publicKey,
    userKey: lineKeys(5).publicKey,
    userPassword: new Uint8Array(8).fill(65),
    officerPassword: new Uint8Array(8).fill(66),
  });
  expect(await maker.authorityKey()).toEqual({
    key: foreignAuthority.publicKey,
    certificate: new Uint8Array(0),
  });
});

test('a power cut at every operation of the flash leaves the old key or the new one', async () => {
  const outcomes = new Set<number>();

  const operations = await atEachCut(
    (await announced()).contents(),
    (meter) => meter.anonymous(),
    (anybody) => anybody.installAuthorityKey(lineCertificate(2), { timeoutMs: 20 }),
    async (meter, boot) => {
      const anybody = await meter.anonymous();
      const { key, certificate } = await anybody.authorityKey();
      const sequence = sequenceOf(certificate);
      expect(key).toEqual(lineKeys(sequence).publicKey);
      if (boot === 0) outcomes.add(sequence);
      else if (sequence === 1) await anybody.installAuthorityKey(lineCertificate(2));
      expect((await anybody.status()).lifeCycle).toBe('registered');
    },
  );

  expect(operations).toBeGreaterThan(5);
  expect([...outcomes].toSorted()).toEqual([1, 2]);
});
