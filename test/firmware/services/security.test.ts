/** What the keys of the user do beside postmarks, on the real image (requirements.md D6, B1, B8; domain.md R48, R51). */

import { createCipheriv } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { ascii, joinBytes } from '#protocol/bytes';
import type { RequestOf } from '#protocol/command';
import { bitString, oids } from '#protocol/der';
import { authenticationDocument } from '#protocol/documents/authentication';
import { x963Key } from '#protocol/kdf';
import { mills } from '#protocol/mills';
import { keyWrapSharedInfo } from '#protocol/shared-info';
import { extension } from '#protocol/x509';
import { meterId, meterWith, providerKeys, type TestMeter } from '#test/support/meter';
import { expectRefused } from '#test/support/refusal';
import {
  keyFor,
  keyNumbers,
  NO_POINT,
  NONE,
  receiver,
  securityFlash,
  unwrapped,
} from '#test/support/security-services';
import {
  buyServices,
  charges,
  emailProtection,
  grantFor,
  holder,
  keyRequestIn,
  servicesFlash,
  strangeExtension,
  timeStamping,
  transaction,
  x509For,
} from '#test/support/user-keys';

const content = ascii('What is signed.');
const signature = nodeCrypto.sign(receiver.privateKey, content);

let meter: TestMeter;
let user: Meter;
beforeAll(async () => {
  meter = meterWith(await securityFlash());
  user = await meter.loggedIn('user');
});
afterAll(() => meter[Symbol.asyncDispose]());

const signing = (changes: Partial<RequestOf<'signContent'>> = {}): RequestOf<'signContent'> => ({
  requestId: transaction(),
  number: keyNumbers.sign,
  content,
  ...changes,
});
const proving = (changes: Partial<RequestOf<'authenticate'>> = {}): RequestOf<'authenticate'> => ({
  requestId: transaction(),
  number: keyNumbers.authenticate,
  challenge: ascii('sixteen or more bytes'),
  ...changes,
});
const judging = (
  changes: Partial<RequestOf<'verifySignature'>> = {},
): RequestOf<'verifySignature'> => ({
  requestId: transaction(),
  content,
  certificate: NONE,
  publicKey: receiver.publicKey,
  signature,
  ...changes,
});

/** As a sender wraps a key for the meter. */
function wrappedFor(
  publicKey: Uint8Array,
  key: Uint8Array,
  { sharedInfo = keyWrapSharedInfo, size = 32 } = {},
): Omit<RequestOf<'decryptKey'>, 'requestId' | 'number'> {
  const ephemeral = nodeCrypto.generateKeyPair();
  const secret = nodeCrypto.agree(ephemeral.privateKey, publicKey);
  if (secret === undefined) throw new Error('no point');
  const wrappingKey = x963Key(nodeCrypto, secret, sharedInfo, size);
  const wrapper = createCipheriv(`id-aes${size * 8}-wrap`, wrappingKey, Buffer.alloc(8, 0xa6));
  const wrappedKey = Uint8Array.from(Buffer.concat([wrapper.update(key), wrapper.final()]));
  return { ephemeralKey: ephemeral.publicKey, sharedInfo, wrapKeySize: size, wrappedKey };
}

const opening = (changes: Partial<RequestOf<'decryptKey'>> = {}): RequestOf<'decryptKey'> => ({
  requestId: transaction(),
  number: keyNumbers.agree,
  ...wrappedFor(keyFor('agree').request.publicKey, new Uint8Array(32).fill(7)),
  ...changes,
});

describe('sign', () => {
  test.each(['sign', 'both'] as const)('a key for it signs a content: %s', async (name) => {
    const { signature } = await user.signContent(signing({ number: keyNumbers[name] }));

    expect(nodeCrypto.verify(keyFor(name).request.publicKey, content, signature)).toBe(true);
  });

  test('a content of no bytes and one of 8,192; not one more', async () => {
    for (const size of [0, 8192]) {
      const long = new Uint8Array(size).fill(3);
      const { signature } = await user.signContent(signing({ content: long }));
      expect(nodeCrypto.verify(keyFor('sign').request.publicKey, long, signature)).toBe(true);
    }
    const over = () => user.signContent(signing({ content: new Uint8Array(8193) }));
    await expectRefused(meter, over, 'fieldOutOfRange');
  });

  test.each(['issue', 'agree', 'authenticate'] as const)('a key to %s does not', async (name) => {
    const ask = () => user.signContent(signing({ number: keyNumbers[name] }));
    await expectRefused(meter, ask, 'keyNotFor');
  });

  test('never what could pass for the answer to a challenge, even by a key that answers them', async () => {
    const { statement } = await user.authenticate(proving({ number: keyNumbers.both }));
    const forged = statement.slice(0, -64);
    forged[forged.length - 1] = (forged[forged.length - 1] as number) ^ 1; // another time

    for (const number of [keyNumbers.both, keyNumbers.sign])
      await expectRefused(
        meter,
        () => user.signContent(signing({ number, content: forged })),
        'contentReserved',
      );
  });
});

describe('authenticate', () => {
  test.each(['authenticate', 'both'] as const)('by a key for it: %s', async (name) => {
    const request = proving({ number: keyNumbers[name] });

    const { statement } = await user.authenticate(request);

    const { publicKey } = keyFor(name).request;
    const read = authenticationDocument.verify(nodeCrypto, publicKey, statement);
    expect(read).toEqual({
      ok: true,
      value: {
        meterId,
        number: keyNumbers[name],
        publicKey,
        challenge: request.challenge,
        timeMs: Date.UTC(2026, 2, 1, 12),
      },
    });
  });

  test('not by another key, nor over a challenge that is short', async () => {
    const ask = () => user.authenticate(proving({ number: keyNumbers.sign }));
    await expectRefused(meter, ask, 'keyNotFor');
    const short = () => user.authenticate(proving({ challenge: new Uint8Array(15) }));
    await expectRefused(meter, short, 'fieldOutOfRange');
  });
});

describe('verify', () => {
  const verdictOn = async (changes: Partial<RequestOf<'verifySignature'>> = {}) =>
    (await user.verifySignature(judging(changes))).verdict;

  test('by a bare key', async () => {
    expect(await verdictOn()).toBe('valid');
    expect(await verdictOn({ content: ascii('Another.') })).toBe('signature');
    expect(await verdictOn({ publicKey: providerKeys.publicKey })).toBe('signature');
    expect(await verdictOn({ publicKey: NO_POINT })).toBe('signature');
  });

  test('by a certificate of the authority, which must allow it today', async () => {
    const keyUsage = (bits: number, unused: number) =>
      extension(oids.keyUsage, true, bitString(Uint8Array.of(bits), unused));
    const by = async (
      ...parameters: Parameters<typeof x509For> extends [unknown, ...infer R] ? R : never
    ) => verdictOn({ publicKey: NONE, certificate: x509For(receiver.publicKey, ...parameters) });
    const signs = [keyUsage(0xc0, 6), emailProtection];

    expect(await by({ extensions: signs })).toBe('valid');
    expect(await by({ extensions: [] })).toBe('valid');
    expect(await by({ extensions: signs }, providerKeys)).toBe('certificateSignature');
    expect(await by({ extensions: [keyUsage(0x08, 3)] })).toBe('certificatePurpose');
    expect(await by({ extensions: [extension(oids.keyUsage, true, NONE)] })).toBe(
      'certificatePurpose',
    );
    expect(await by({ extensions: [keyUsage(0x80, 7), timeStamping] })).toBe('certificatePurpose');
    expect(await by({ extensions: [strangeExtension] })).toBe('certificatePurpose');
    expect(await by({ extensions: signs, toMs: Date.UTC(2026, 1, 28) })).toBe('certificateDates');
    expect(await by({ extensions: signs, fromMs: Date.UTC(2026, 2, 2) })).toBe('certificateDates');
    expect(await verdictOn({ publicKey: NONE, certificate: content })).toBe('certificateMalformed');
  });

  test('refused with key and certificate at once, and with neither', async () => {
    const both = () => user.verifySignature(judging({ certificate: content }));
    await expectRefused(meter, both, 'fieldOutOfRange');
    const neither = () => user.verifySignature(judging({ publicKey: NONE }));
    await expectRefused(meter, neither, 'fieldOutOfRange');
  });
});

describe('encrypt', () => {
  test('gives a fresh key, which the receiver unwraps and nobody else', async () => {
    const ask = () =>
      user.encryptKey({ requestId: transaction(), receiverKey: receiver.publicKey });

    const [one, other] = [await ask(), await ask()];

    expect(unwrapped(one)).toEqual(one.contentKey);
    expect(unwrapped(other)).toEqual(other.contentKey);
    expect(one.contentKey).not.toEqual(other.contentKey);
    expect(() => unwrapped(one, providerKeys)).toThrow();
  });

  test('refused where the key of the receiver is no point', async () => {
    const ask = () => user.encryptKey({ requestId: transaction(), receiverKey: NO_POINT });
    await expectRefused(meter, ask, 'receiverKeyInvalid');
  });
});

describe('decrypt', () => {
  test.each([
    [16, 16],
    [24, 24],
    [32, 32],
    [32, 64],
  ])('opens a key under AES of %i bytes, of %i bytes', async (size, keySize) => {
    const key = nodeCrypto.randomBytes(keySize);
    const sharedInfo = nodeCrypto.randomBytes(60);

    const { contentKey } = await user.decryptKey(
      opening(wrappedFor(keyFor('agree').request.publicKey, key, { sharedInfo, size })),
    );

    expect(contentKey).toEqual(key);
  });

  test('what encrypt wraps for a key of this meter', async () => {
    const { contentKey, ...wrapped } = await user.encryptKey({
      requestId: transaction(),
      receiverKey: keyFor('agree').request.publicKey,
    });

    const opened = await user.decryptKey(
      opening({ ...wrapped, sharedInfo: keyWrapSharedInfo, wrapKeySize: 32 }),
    );

    expect(opened.contentKey).toEqual(contentKey);
  });

  test('refused, without a charge, where it was wrapped for another key or changed', async () => {
    const request = opening();
    const changed = request.wrappedKey.with(20, (request.wrappedKey[20] as number) ^ 1);
    const wrong: Partial<RequestOf<'decryptKey'>>[] = [
      { ...wrappedFor(receiver.publicKey, new Uint8Array(32)) },
      { wrappedKey: changed },
      { sharedInfo: NONE },
      { wrapKeySize: 16 },
      { ephemeralKey: receiver.publicKey },
      { ephemeralKey: NO_POINT },
    ];

    for (const changes of wrong)
      await expectRefused(
        meter,
        () => user.decryptKey({ ...request, ...changes }),
        'keyNotUnwrapped',
      );
  });

  test('refused by a key that does not agree', async () => {
    const ask = () => user.decryptKey(opening({ number: keyNumbers.both }));
    await expectRefused(meter, ask, 'keyNotFor');
  });

  test.each([
    ['shared info of 513 bytes', { sharedInfo: new Uint8Array(513) }],
    ['a wrapped key of 23 bytes', { wrappedKey: new Uint8Array(23) }],
    ['one of 80', { wrappedKey: new Uint8Array(80) }],
    ['a size that AES does not have', { wrapKeySize: 20 }],
  ] as const)('%s is out of range', async (_, changes) => {
    await expectRefused(meter, () => user.decryptKey(opening(changes)), 'fieldOutOfRange');
  });
});

/** Each service, with its charge. */
const services = [
  [
    'signContent',
    'signature',
    (caller: Meter) => (request) => caller.signContent({ ...signing(), ...request }),
  ],
  [
    'verifySignature',
    'verification',
    (caller) => (request) => caller.verifySignature({ ...judging(), ...request }),
  ],
  [
    'encryptKey',
    'encryption',
    (caller) => (request) => caller.encryptKey({ receiverKey: receiver.publicKey, ...request }),
  ],
  [
    'decryptKey',
    'decryption',
    (caller) => (request) =>
      caller.decryptKey({ ...wrapped, number: keyNumbers.agree, ...request }),
  ],
  [
    'authenticate',
    'authentication',
    (caller) => (request) => caller.authenticate({ ...proving(), ...request }),
  ],
] as const satisfies readonly (readonly [
  string,
  keyof typeof charges,
  (
    caller: Meter,
  ) => (request: { requestId: { counter: number; nonce: number } }) => Promise<object>,
])[];
let wrapped: Omit<RequestOf<'decryptKey'>, 'requestId' | 'number'>;

describe.each(services)('%s', (_, charge, by) => {
  beforeAll(() => {
    wrapped ??= wrappedFor(keyFor('agree').request.publicKey, new Uint8Array(32).fill(9));
  });

  test('is charged by the table, and the same request gives the same for nothing', async () => {
    const ask = by(user);
    const request = { requestId: transaction() };
    const before = await user.registers();

    const first = await ask(request);
    const paid = await user.registers();
    const again = await ask(request);

    expect(before.certificateDescending - paid.certificateDescending).toBe(charges[charge]);
    expect(paid.certificatePieceCount).toBe(before.certificatePieceCount + 1);
    expect(paid.pieceCount).toBe(before.pieceCount);
    expect(again).toEqual(first);
    expect(await user.registers()).toEqual(paid);
  });

  test('without funds by one mill it is refused', async () => {
    await using poor = meterWith(await securityFlash());
    const caller = await poor.loggedIn('user');
    let { certificateDescending: left } = await caller.registers();
    for (let counter = 10; left >= charges.signature; counter++) {
      await caller.signContent(signing({ requestId: { counter, nonce: 1 } }));
      left = mills(left - charges.signature);
    }
    const more = charges[charge] - left - 1;
    const buyer = more > 0 ? await buyServices(poor, mills(more)) : caller;
    const missing = more > 0 ? 1 : charges[charge] - left;
    const request = { requestId: transaction() };

    await expectRefused(poor, () => by(buyer)(request), 'insufficientFunds', missing);
  });
});

test('what was wrapped once opens after a restart, and the seed of a wrapped key is the same', async () => {
  await using other = meterWith(await securityFlash());
  const request = { requestId: { counter: 10, nonce: 1 }, receiverKey: receiver.publicKey };
  const first = await (await other.loggedIn('user')).encryptKey(request);
  await using later = meterWith(other.flash);

  const again = await (await later.loggedIn('user')).encryptKey(request);

  expect(again).toEqual(first);
});

test('a key whose certificate has expired does nothing', async () => {
  await using other = meterWith(await servicesFlash());
  const officer = await other.loggedIn('cryptoOfficer');
  const request = keyRequestIn((await officer.requestKey(holder('sign', 'authenticate'))).request);
  const grant = grantFor(request, x509For(request.publicKey), { validTo: 20260303 });
  await officer.installKey({ requestId: { counter: 1, nonce: 1 }, grant });
  const { number } = request;
  const caller = await other.loggedIn('user');
  await caller.signContent(signing({ requestId: { counter: 2, nonce: 1 }, number }));

  other.clock.advance(3 * 86_400_000);

  await expectRefused(other, () => caller.signContent(signing({ number })), 'keyExpired');
  await expectRefused(other, () => caller.authenticate(proving({ number })), 'keyExpired');
});

test('a statement is no content of another kind', async () => {
  const { statement } = await user.authenticate(proving());

  expect(statement.slice(0, 4)).toEqual(ascii('TAU1'));
  expect(authenticationDocument.read(joinBytes(statement, NONE)).ok).toBe(true);
  expect(authenticationDocument.read(statement.slice(1)).ok).toBe(false);
});
