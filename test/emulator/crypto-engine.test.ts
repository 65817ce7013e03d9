/**
 * The emulated crypto engine keeps its contract (hw/crypto-engine.ts), and through it the image computes what it computes
 * by itself, bit for bit, whatever it is given. Vectors run over both in test/firmware/vectors.test.ts.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCryptoEngine } from '#emulator/crypto-engine';
import { type EngineFault, engineAnswers, withFault } from '#emulator/engine-fault';
import { engineCrypto } from '#firmware/engine-crypto';
import { softwareCrypto } from '#firmware/software-crypto';
import type { CryptoEngine } from '#hw/crypto-engine';
import { fromHex, toHex } from '#test/support/golden';
import { seededRandom } from '#test/support/seeded-random';

const engine = engineCrypto(createCryptoEngine(), seededRandom('engine'));
const software = softwareCrypto(seededRandom('engine'));

const ORDER = fromHex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
const less = (bytes: Uint8Array, number: number): Uint8Array =>
  bytes.map((byte, place) => (place === bytes.length - 1 ? byte - number : byte));

const bytes = (minLength: number, maxLength = minLength) => fc.uint8Array({ minLength, maxLength });
/** Also longer than one call of the engine takes, and than two. */
const anyBytes = fc.oneof(bytes(0, 200), bytes(4090, 4100), bytes(8180, 8200));
const privateKeys = fc.oneof(
  bytes(32).filter((key) => key[0] !== 0xff && key.some((byte) => byte !== 0)),
  fc.constantFrom(less(ORDER, 1), less(ORDER, 2), Uint8Array.of(...new Uint8Array(31), 1)),
);

describe('the engine and the image by itself compute the same', () => {
  test('digests, tags and stretched passwords', () => {
    fc.assert(
      fc.property(bytes(0, 200), anyBytes, anyBytes, (key, left, right) => {
        expect(engine.sha256(left, right)).toEqual(software.sha256(left, right));
        expect(engine.hmac(key, left, right)).toEqual(software.hmac(key, left, right));
        expect(engine.stretchPassword(key, left.subarray(0, 64), 3)).toEqual(
          software.stretchPassword(key, left.subarray(0, 64), 3),
        );
      }),
      { numRuns: 50 },
    );
  });

  test('sealed texts, and what opens them', () => {
    fc.assert(
      fc.property(bytes(32), bytes(12), anyBytes, anyBytes, (key, nonce, associated, text) => {
        const sealed = engine.seal(key, nonce, associated, text);

        expect(toHex(sealed)).toBe(toHex(software.seal(key, nonce, associated, text)));
        expect(toHex(engine.open(key, nonce, associated, sealed) ?? key)).toBe(toHex(text));
        expect(engine.open(key, nonce, associated, less(sealed, 1))).toBeUndefined();
        expect(engine.open(key, nonce, Uint8Array.of(...associated, 0), sealed)).toBeUndefined();
      }),
      { numRuns: 50 },
    );
  });

  test('signatures, public keys and shared secrets', () => {
    fc.assert(
      fc.property(privateKeys, privateKeys, anyBytes, (privateKey, other, message) => {
        const publicKey = engine.publicKeyOf(privateKey);
        const signature = engine.sign(privateKey, message);

        expect(publicKey).toEqual(software.publicKeyOf(privateKey));
        expect(signature).toEqual(software.sign(privateKey, message));
        expect(engine.verify(publicKey, message, signature)).toBe(true);
        expect(engine.agree(other, publicKey)).toEqual(software.agree(other, publicKey));
      }),
      { numRuns: 100 },
    );
  });

  test('key pairs, from the same random bytes', () => {
    const left = engineCrypto(createCryptoEngine(), seededRandom('key pairs'));
    const right = softwareCrypto(seededRandom('key pairs'));

    for (let pair = 0; pair < 20; pair++)
      expect(left.generateKeyPair()).toEqual(right.generateKeyPair());
  });
});

describe('foreign bytes are judged alike and never throw', () => {
  const { privateKey, publicKey } = software.generateKeyPair();
  const message = bytes(32);

  test('as a public key', () => {
    const head = fc.constantFrom(0x00, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0xff);
    const x = fc.oneof(
      bytes(32),
      fc.constantFrom(new Uint8Array(32), new Uint8Array(32).fill(0xff)),
    );
    const keys = fc.oneof(
      fc.tuple(head, x).map(([first, rest]) => Uint8Array.of(first, ...rest)),
      bytes(0, 70),
    );

    fc.assert(
      fc.property(keys, message, (key, signed) => {
        expect(engine.agree(privateKey, key)).toEqual(software.agree(privateKey, key));
        expect(engine.verify(key, signed, software.sign(privateKey, signed))).toBe(false);
      }),
    );
  });

  test('as a signature: numbers out of range, high s, every bit', () => {
    const signed = new Uint8Array(20);
    const right = software.sign(privateKey, signed);
    const [r, s] = [right.subarray(0, 32), right.subarray(32)];
    const zero = new Uint8Array(32);
    const number = (value: Uint8Array): bigint => BigInt(`0x${toHex(value)}`);
    const negated = fromHex((number(ORDER) - number(s)).toString(16).padStart(64, '0'));
    const cases: (readonly [Uint8Array, boolean])[] = [
      [right, true],
      [Uint8Array.of(...r, ...negated), true],
      [Uint8Array.of(...zero, ...s), false],
      [Uint8Array.of(...r, ...zero), false],
      [Uint8Array.of(...ORDER, ...s), false],
      [Uint8Array.of(...r, ...ORDER), false],
      [right.subarray(0, 63), false],
      [Uint8Array.of(...right, 0), false],
      ...Array.from({ length: 512 }, (_, bit) => {
        const flipped = right.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
        return [flipped, false] as const;
      }),
    ];

    for (const [signature, isRight] of cases)
      expect([toHex(signature), engine.verify(publicKey, signed, signature)]).toEqual([
        toHex(signature),
        isRight,
      ]);
    expect(software.verify(publicKey, signed, Uint8Array.of(...r, ...negated))).toBe(true);
  });

  test('as a sealed text and a nonce of any size', () => {
    fc.assert(
      fc.property(bytes(0, 40), bytes(0, 16), (sealed, nonce) => {
        for (const crypto of [engine, software])
          expect(crypto.open(new Uint8Array(32), nonce, sealed, sealed)).toBeUndefined();
      }),
    );
  });
});

test('what is no private key is a defect of the caller and throws, in both', () => {
  const { publicKey } = software.generateKeyPair();
  const none = [
    new Uint8Array(32),
    ORDER,
    new Uint8Array(32).fill(0xff),
    new Uint8Array(31).fill(1),
  ];

  for (const crypto of [engine, software])
    for (const key of none) {
      expect(() => crypto.publicKeyOf(key)).toThrow();
      expect(() => crypto.sign(key, key)).toThrow();
      expect(() => crypto.agree(key, publicKey)).toThrow();
    }
});

const buffer = (size: number): ArrayBuffer => new Uint8Array(size).fill(1).buffer;
const begun = (fresh: CryptoEngine): void => fresh.sealBegin(buffer(32), buffer(12));

describe('the bounds of a call', () => {
  test.each<[string, (fresh: CryptoEngine) => unknown]>([
    ['a piece to hash', (fresh) => [fresh.hashBegin(), fresh.hashUpdate(buffer(4097))]],
    ['a piece for the MAC', (fresh) => [fresh.macBegin(buffer(1)), fresh.macUpdate(buffer(4097))]],
    ['a key of the MAC', (fresh) => fresh.macBegin(buffer(65))],
    ['a password', (fresh) => fresh.stretch(buffer(4097), buffer(1), 1)],
    ['a salt', (fresh) => fresh.stretch(buffer(1), buffer(4097), 1)],
    ['no iterations', (fresh) => fresh.stretch(buffer(1), buffer(1), 0)],
    ['a key to seal with', (fresh) => fresh.sealBegin(buffer(16), buffer(12))],
    ['a nonce', (fresh) => fresh.openBegin(buffer(32), buffer(16))],
    ['associated data', (fresh) => [begun(fresh), fresh.cipherAssociated(buffer(4097))]],
    ['a piece to seal', (fresh) => [begun(fresh), fresh.cipherUpdate(buffer(4097))]],
    ['a tag', (fresh) => [fresh.openBegin(buffer(32), buffer(12)), fresh.openEnd(buffer(15))]],
    ['a public key', (fresh) => fresh.agree(buffer(32), buffer(65))],
    ['a signature', (fresh) => [fresh.hashBegin(), fresh.verify(buffer(33), buffer(63))]],
  ])('%s', (_, call) => {
    expect(() => call(createCryptoEngine())).toThrow(RangeError);
  });
});

describe('a unit that is asked out of turn throws', () => {
  const calls: readonly [string, (fresh: CryptoEngine) => unknown][] = [
    ['hashUpdate', (fresh) => fresh.hashUpdate(buffer(1))],
    ['hashEnd', (fresh) => fresh.hashEnd()],
    ['sign', (fresh) => fresh.sign(buffer(32))],
    ['verify', (fresh) => fresh.verify(buffer(33), buffer(64))],
    ['macUpdate', (fresh) => fresh.macUpdate(buffer(1))],
    ['macEnd', (fresh) => fresh.macEnd()],
    ['cipherAssociated', (fresh) => fresh.cipherAssociated(buffer(1))],
    ['cipherUpdate', (fresh) => fresh.cipherUpdate(buffer(1))],
    ['sealEnd', (fresh) => fresh.sealEnd()],
    ['openEnd', (fresh) => fresh.openEnd(buffer(16))],
  ];

  test.each(calls)('%s, before it began', (_, call) => {
    expect(() => call(createCryptoEngine())).toThrow('out of turn');
  });

  test.each(calls)('%s, after it ended', (_, call) => {
    const fresh = createCryptoEngine();
    fresh.hashBegin();
    fresh.hashEnd();
    fresh.macBegin(buffer(1));
    fresh.macEnd();
    fresh.sealBegin(buffer(32), buffer(12));
    fresh.sealEnd();
    fresh.openBegin(buffer(32), buffer(12));
    fresh.openEnd(buffer(16));

    expect(() => call(fresh)).toThrow('out of turn');
  });
});

test('a unit that begins anew drops what was under way, and the units do not disturb each other', () => {
  const fresh = createCryptoEngine();
  const abc = Uint8Array.from([0x61, 0x62, 0x63]);

  fresh.hashBegin();
  fresh.hashUpdate(buffer(9));
  fresh.hashBegin();
  fresh.macBegin(buffer(9));
  fresh.hashUpdate(abc.slice().buffer);
  fresh.macUpdate(buffer(4));
  fresh.sealBegin(buffer(32), buffer(12));
  fresh.macEnd();

  expect(new Uint8Array(fresh.hashEnd())).toEqual(software.sha256(abc));
});

test('buffers that are wiped behind a call were copied', () => {
  const fresh = createCryptoEngine();
  const given = Uint8Array.from([0x61, 0x62, 0x63]);
  const expected = software.hmac(given, given);
  const key = given.slice();

  fresh.macBegin(key.buffer);
  fresh.macUpdate(given.buffer);
  key.fill(0);
  given.fill(0);

  expect(new Uint8Array(fresh.macEnd())).toEqual(expected);
});

describe('a fault', () => {
  const { publicKey } = software.generateKeyPair();
  /** Each call that answers, as it is asked rightly. */
  const asked: Readonly<Record<EngineFault['call'], (of: CryptoEngine) => ArrayBuffer | number>> = {
    hashEnd: (of) => of.hashEnd(),
    macEnd: (of) => of.macEnd(),
    stretch: (of) => of.stretch(buffer(1), buffer(1), 1),
    cipherUpdate: (of) => of.cipherUpdate(buffer(5)),
    sealEnd: (of) => of.sealEnd(),
    openEnd(of) {
      of.openBegin(buffer(32), buffer(12));
      return of.openEnd(buffer(16));
    },
    publicKey: (of) => of.publicKey(buffer(32)),
    sign: (of) => of.sign(buffer(32)),
    verify: (of) => of.verify(buffer(33), buffer(64)),
    agree: (of) => of.agree(buffer(32), publicKey.slice().buffer),
  };

  function answer(call: EngineFault['call'], of: CryptoEngine): number | string {
    of.hashBegin();
    of.macBegin(buffer(1));
    begun(of);
    const answered = asked[call](of);
    return typeof answered === 'number' ? answered : toHex(new Uint8Array(answered));
  }

  test.each(engineAnswers)('of %s is there while it is on, and touches no other call', (call) => {
    let isOn = false;
    const whole = createCryptoEngine();
    const faulty = withFault(createCryptoEngine(), { call, answer: 'wrong', isOn: () => isOn });
    const differs = (): string[] =>
      engineAnswers.filter((each) => answer(each, faulty) !== answer(each, whole));
    expect(differs()).toEqual([]);

    isOn = true;

    expect(differs()).toEqual([call]);
  });
});
