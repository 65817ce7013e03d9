/** Digital tokens under secret keys, on the real image (requirements.md C2, C3, B3; domain.md 1.2). */

import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { hasToken, readLite } from '#protocol/documents/lite-indicium';
import { tokenKeyRequestDocument } from '#protocol/documents/token-keys';
import { mills } from '#protocol/mills';
import { letter } from '#test/support/mail';
import {
  certifiedCopy,
  flashAfter,
  meterId,
  meterWith,
  providerKeys,
  type TestMeter,
} from '#test/support/meter';
import { expectRefused } from '#test/support/refusal';
import { postalKey, tokenFlash, tokenKeys, tokenKeysFor, vendorKey } from '#test/support/tokens';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const refilled = flashAfter('refilled', async () => undefined);

describe('the keys', () => {
  let meter: TestMeter;
  let officer: Meter;
  beforeAll(async () => {
    meter = meterWith(await refilled());
    officer = await meter.loggedIn('cryptoOfficer');
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('are asked for under the device key, with another key each time', async () => {
    const device = (await officer.certificates()).device;
    const { request } = await officer.requestTokenKeys();
    const { request: next } = await officer.requestTokenKeys();

    const [one, other] = [request, next].map((bytes) =>
      tokenKeyRequestDocument.verify(nodeCrypto, device.slice(-64 - 33, -64), bytes),
    );
    expect([one, other]).toMatchObject([
      { ok: true, value: { meterId } },
      { ok: true, value: { meterId } },
    ]);
    expect(hex(request.subarray(-97, -64))).not.toBe(hex(next.subarray(-97, -64)));
  });

  test.each<[string, (request: Uint8Array) => Uint8Array, string]>([
    [
      'that the authority did not sign',
      (asked) => tokenKeysFor(asked, {}, providerKeys),
      'signatureInvalid',
    ],
    [
      'for another meter',
      (asked) => tokenKeysFor(asked, { meterId: Uint8Array.from(meterId).fill(1, 4) }),
      'documentForOtherMeter',
    ],
    [
      'for another request',
      (asked) => tokenKeysFor(asked, { recipient: providerKeys.publicKey }),
      'documentMismatch',
    ],
  ])('%s are refused', async (_, answer, status) => {
    const { request } = await officer.requestTokenKeys();

    await expectRefused(meter, () => officer.installTokenKeys(answer(request)), status);
  });

  test('are taken once, and only by the officer who asked, before they log out', async () => {
    const { request } = await officer.requestTokenKeys();
    await officer.installTokenKeys(tokenKeysFor(request));
    await expectRefused(
      meter,
      () => officer.installTokenKeys(tokenKeysFor(request)),
      'tokenKeysUnasked',
    );

    const { request: late } = await officer.requestTokenKeys();
    officer = await meter.loggedIn('cryptoOfficer');
    await expectRefused(
      meter,
      () => officer.installTokenKeys(tokenKeysFor(late)),
      'tokenKeysUnasked',
    );
  });

  test('are nowhere in flash in clear', () => {
    const contents = Buffer.from(meter.flash.contents());
    expect(contents.includes(Buffer.from(postalKey))).toBe(false);
    expect(contents.includes(Buffer.from(vendorKey))).toBe(false);
  });
});

test('a power cut leaves all keys or none', async () => {
  const contents = (await refilled()).contents();
  const asking = async (meter: TestMeter) => {
    const officer = await meter.loggedIn('cryptoOfficer');
    return { officer, keys: tokenKeysFor((await officer.requestTokenKeys()).request) };
  };
  const trace = await operationsOf(contents, asking);
  const found: string[] = [];

  for (const operation of [0, Math.floor(trace / 3), trace - 1]) {
    const flash = certifiedCopy(contents);
    await using cut = meterWith(flash);
    const { officer, keys } = await asking(cut);
    flash.losePowerAfter(operation);
    await officer.installTokenKeys(keys).catch(() => undefined);
    flash.restorePower();
    await using meter = meterWith(flash);
    const user = await meter.loggedIn('user');
    const made = await user.createLiteIndicium(letter(1)).catch(() => undefined);
    if (made !== undefined) expect(hasToken(nodeCrypto, postalKey, made.indicium)).toBe(true);
    found.push(made === undefined ? 'none' : 'all');
  }

  expect(found).toEqual(['none', 'none', 'all']);
});

async function operationsOf(
  contents: Uint8Array,
  asking: (meter: TestMeter) => Promise<{ readonly officer: Meter; readonly keys: Uint8Array }>,
): Promise<number> {
  const flash = certifiedCopy(contents);
  await using meter = meterWith(flash);
  const { officer, keys } = await asking(meter);
  const { operations } = flash.traceOperations();
  await officer.installTokenKeys(keys);
  return operations.length;
}

test('keys of tokens that others took the place of are nowhere in flash, sealed or in clear', async () => {
  await using meter = meterWith(await tokenFlash());
  const sealed = sealedIn(Buffer.from(meter.flash.contents()));
  const officer = await meter.loggedIn('cryptoOfficer');
  const { request } = await officer.requestTokenKeys();
  const before = Buffer.from(meter.flash.contents());

  // others: the entropy of the board is what it was when it got the first ones
  await officer.installTokenKeys(tokenKeysFor(request, {}, undefined, tokenKeys.toReversed()));

  const after = Buffer.from(meter.flash.contents());
  expect([before.includes(sealed), after.includes(sealed)]).toEqual([true, false]);
  expect(after.includes(Buffer.from(postalKey))).toBe(false);
});

/** The end of the store, docs/flash.md. */
function sealedIn(contents: Buffer): Buffer {
  const bank = contents.indexOf('TST4');
  const end = bank + 32 + contents.readUInt32LE(bank + 12);
  return contents.subarray(end - 96, end);
}

describe('a lite indicium', () => {
  let meter: TestMeter;
  let user: Meter;
  beforeAll(async () => {
    meter = meterWith(await tokenFlash());
    user = await meter.loggedIn('user');
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('has the 20 bytes of the format, a token of each key, and is charged as a letter is', async () => {
    const before = await user.registers();

    const { indicium, vendorToken } = await user.createLiteIndicium(letter(1));

    expect(readLite(indicium)).toMatchObject({
      ok: true,
      value: {
        version: 0xff,
        pieceCount: before.pieceCount + 1,
        model: 17,
        serial: 42,
        postage: 780,
        serviceId: 1,
      },
    });
    expect(hasToken(nodeCrypto, postalKey, indicium)).toBe(true);
    expect(hasToken(nodeCrypto, vendorKey, indicium)).toBe(false);
    const mac = createHmac('sha256', vendorKey).update(indicium.subarray(0, 14)).digest();
    expect(hex(vendorToken)).toBe(hex(mac.subarray(0, 6)));
    const after = await user.registers();
    expect(before.descending - after.descending).toBe(780);
    expect(after.ascending - before.ascending).toBe(780);
    expect(after.pieceCount).toBe(before.pieceCount + 1);
  });

  test('is the same for the same request, behind other keys and a power cut too', async () => {
    const first = await user.createLiteIndicium(letter(2));
    const officer = await meter.loggedIn('cryptoOfficer');
    const { request } = await officer.requestTokenKeys();
    await officer.installTokenKeys(tokenKeysFor(request, {}, undefined, tokenKeys.toReversed()));
    meter.board.powerOff();
    meter.board.powerOn();
    user = await meter.loggedIn('user');
    const before = await user.registers();

    expect(await user.createLiteIndicium(letter(2))).toEqual(first);

    expect(await user.registers()).toEqual(before);
    expect(
      hasToken(nodeCrypto, postalKey, (await user.createLiteIndicium(letter(3))).indicium),
    ).toBe(false);
  });

  test('and a full one are never two forms of one piece', async () => {
    await user.createLiteIndicium(letter(4));
    await user.createIndicium(letter(5));

    await expectRefused(meter, () => user.createIndicium(letter(4)), 'requestIdReused');
    await expectRefused(meter, () => user.createLiteIndicium(letter(5)), 'requestIdReused');
    await expectRefused(meter, () => user.reprintIndicium(letter(4).requestId), 'originalUnknown');
  });

  test.each([
    ['of another price than that of the table', { postage: mills(779) }, 'postageNotRate', 780],
    ['that is a correction', { kind: 'correction', original: 1 }, 'fieldOutOfRange', 0],
    ['for yesterday', { mailingDate: 20260228 }, 'dateNotAllowed', 0],
  ] as const)('one %s is refused as a full one is', async (_, changes, status, detail) => {
    await expectRefused(meter, () => user.createLiteIndicium(letter(9, changes)), status, detail);
  });

  test('is not redated: it tells no date', async () => {
    const redate = letter(10, {
      kind: 'redate',
      original: (await user.registers()).pieceCount - 1,
      postage: mills(0),
      mailingDate: 20260303,
    });
    await expectRefused(meter, () => user.createIndicium(redate), 'originalUnknown');
  });

  test('is refused where the authority gave no keys', async () => {
    await using bare = meterWith(await refilled());
    const payer = await bare.loggedIn('user');

    await expectRefused(bare, () => payer.createLiteIndicium(letter(1)), 'tokenKeysMissing');
  });
});
