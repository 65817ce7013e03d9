/** The algorithms of the firmware against vectors of Wycheproof, NIST and RFC 6979 (requirements.md A2). */

import { p256 } from '@noble/curves/nist.js';
import { describe, expect, test } from 'vitest';
import { ascii } from '#protocol/bytes';
import { nobleCrypto } from '#protocol/noble-crypto';
import { fromHex, toHex } from '#test/support/golden';
import { seededRandom } from '#test/support/seeded-random';
import { readVectors } from '#test/support/vectors';

const crypto = nobleCrypto(seededRandom('noble'));

/** The short form of a point given by its coordinates, or as `04 ‖ x ‖ y`; anything else as it is. */
function compress(point: string): Uint8Array {
  const bytes = fromHex(point);
  if (bytes.length !== 65 || bytes[0] !== 4) return bytes;
  return Uint8Array.of(2 + ((bytes[64] as number) & 1), ...bytes.subarray(1, 33));
}

interface Wycheproof<Group> {
  testGroups: Group[];
}
interface Case {
  tcId: number;
  result: 'valid' | 'invalid' | 'acceptable';
}
interface EcdsaGroup {
  publicKey: { uncompressed: string };
  tests: (Case & { msg: string; sig: string })[];
}
interface EcdhGroup {
  tests: (Case & { public: string; private: string; shared: string })[];
}
interface GcmGroup {
  ivSize: number;
  keySize: number;
  tagSize: number;
  tests: (Case & {
    key: string;
    iv: string;
    aad: string;
    msg: string;
    ct: string;
    tag: string;
  })[];
}
interface HmacGroup {
  tagSize: number;
  tests: (Case & { key: string; msg: string; tag: string })[];
}

const ecdsa = readVectors<Wycheproof<EcdsaGroup>>(
  'wycheproof/ecdsa_secp256r1_sha256_p1363_test.json',
);
const ecdh = readVectors<Wycheproof<EcdhGroup>>('wycheproof/ecdh_secp256r1_ecpoint_test.json');
const gcm = readVectors<Wycheproof<GcmGroup>>('wycheproof/aes_gcm_test.json');
const hmac = readVectors<Wycheproof<HmacGroup>>('wycheproof/hmac_sha256_test.json');

describe('Wycheproof', () => {
  test.skipIf(ecdsa === undefined)('ECDSA P-256 with SHA-256, r ‖ s', () => {
    const tests = (ecdsa?.testGroups ?? []).flatMap(({ publicKey, tests: cases }) =>
      cases.map((one) => ({ ...one, key: compress(publicKey.uncompressed) })),
    );

    const wrong = tests.filter(
      ({ key, msg, sig, result }) =>
        crypto.verify(key, fromHex(msg), fromHex(sig)) !== (result === 'valid'),
    );

    expect(tests).toHaveLength(262);
    expect(wrong).toEqual([]);
  });

  test.skipIf(ecdh === undefined)('ECDH P-256', () => {
    const tests = (ecdh?.testGroups ?? []).flatMap((group) => group.tests);
    const agree = (privateKey: string, publicKey: Uint8Array) =>
      toHex(
        crypto.agree(fromHex(privateKey.padStart(64, '0').slice(-64)), publicKey) ??
          new Uint8Array(),
      );

    const wrong = tests.filter((one) => {
      const given = fromHex(one.public);
      const asGiven = agree(one.private, given);
      if (one.result === 'invalid' || given.length !== 33) {
        if (asGiven !== '') return true; // no key of ours
        return one.result === 'valid' && agree(one.private, compress(one.public)) !== one.shared;
      }
      return asGiven !== one.shared;
    });

    expect(tests).toHaveLength(355);
    expect(tests.filter(({ public: key }) => key.length === 66).length).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  });

  test.skipIf(gcm === undefined)('AES-256-GCM with nonces of 96 bits, both ways', () => {
    const tests = (gcm?.testGroups ?? [])
      .filter(({ ivSize, keySize, tagSize }) => ivSize === 96 && keySize === 256 && tagSize === 128)
      .flatMap((group) => group.tests);

    const wrong = tests.filter((one) => {
      const [key, nonce, associated] = [fromHex(one.key), fromHex(one.iv), fromHex(one.aad)];
      const sealed = fromHex(one.ct + one.tag);
      const opened = crypto.open(key, nonce, associated, sealed);
      if (one.result !== 'valid') return opened !== undefined;
      const again = crypto.seal(key, nonce, associated, fromHex(one.msg));
      return opened === undefined || toHex(opened) !== one.msg || toHex(again) !== toHex(sealed);
    });

    expect(tests.length).toBeGreaterThan(60);
    expect(wrong).toEqual([]);
  });

  test.skipIf(hmac === undefined)('HMAC-SHA-256', () => {
    const tests = (hmac?.testGroups ?? []).flatMap(({ tagSize, tests: cases }) =>
      cases.map((one) => ({ ...one, tagSize })),
    );

    const wrong = tests.filter(({ key, msg, tag, tagSize, result }) => {
      const computed = toHex(crypto.hmac(fromHex(key), fromHex(msg)).subarray(0, tagSize / 8));
      return (computed === tag) !== (result === 'valid');
    });

    expect(tests).toHaveLength(174);
    expect(wrong).toEqual([]);
  });
});

interface Rfc6979 {
  private: string;
  cases: { hash: string; message: string; r: string; s: string }[];
}
interface DetEcdsa {
  testGroups: { d: string; tests: { message: string; r: string; s: string }[] }[];
}
const rfc = readVectors<Rfc6979[]>('rfc/rfc6979.P-256.json');
const deterministic = readVectors<DetEcdsa>('acvp/DetECDSA-SigGen-FIPS186-5.P-256.SHA2-256.json');
interface SigVer {
  testGroups: {
    tests: {
      testPassed: boolean;
      message: string;
      qx: string;
      qy: string;
      r: string;
      s: string;
    }[];
  }[];
}
const verification = readVectors<SigVer>('acvp/ECDSA-SigVer-FIPS186-5.P-256.SHA2-256.json');
interface EccCdh {
  testGroups: { tests: { QCAVSx: string; QCAVSy: string; dIUT: string; ZIUT: string }[] }[];
}
const cdh = readVectors<EccCdh>('cavp/ecc-cdh.P-256.json');
interface Sha {
  testGroups: { testType: string; tests: { msg: string; md: string; msgLen?: number }[] }[];
}
const sha = readVectors<Sha>('acvp/SHA2-256-1.0.AFT-MCT.json');

describe('NIST and RFC 6979', () => {
  test.skipIf(rfc === undefined)('deterministic signatures of RFC 6979 A.2.5', () => {
    const cases = (rfc ?? []).flatMap(({ private: key, cases: all }) =>
      all.filter(({ hash }) => hash === 'SHA-256').map((one) => ({ ...one, key })),
    );

    for (const { key, message, r, s } of cases)
      expect(toHex(crypto.sign(fromHex(key), ascii(message)))).toBe((r + s).toLowerCase());
    expect(cases).toHaveLength(2);
  });

  test.skipIf(deterministic === undefined)('deterministic signatures of ACVP', () => {
    const cases = (deterministic?.testGroups ?? []).flatMap(({ d, tests }) =>
      tests.map((one) => ({ ...one, d })),
    );

    for (const { d, message, r, s } of cases)
      expect(toHex(crypto.sign(fromHex(d), fromHex(message)))).toBe((r + s).toLowerCase());
    expect(cases).toHaveLength(11);
  });

  test.skipIf(verification === undefined)('verification of ACVP', () => {
    const cases = (verification?.testGroups ?? []).flatMap(({ tests }) => tests);

    for (const { testPassed, message, qx, qy, r, s } of cases)
      expect(crypto.verify(compress(`04${qx}${qy}`), fromHex(message), fromHex(r + s))).toBe(
        testPassed,
      );
    expect(cases).toHaveLength(7);
  });

  test.skipIf(cdh === undefined)('shared secrets of CAVP', () => {
    const cases = (cdh?.testGroups ?? []).flatMap(({ tests }) => tests);

    for (const { QCAVSx, QCAVSy, dIUT, ZIUT } of cases) {
      const shared = crypto.agree(fromHex(dIUT), compress(`04${QCAVSx}${QCAVSy}`));
      expect(toHex(shared ?? new Uint8Array())).toBe(ZIUT);
    }
    expect(cases).toHaveLength(25);
  });

  test.skipIf(sha === undefined)('SHA-256 of ACVP, in one part and in two', () => {
    const cases = (sha?.testGroups ?? [])
      .filter(({ testType }) => testType === 'AFT')
      .flatMap(({ tests }) => tests);

    for (const { msg, md } of cases) {
      const message = fromHex(msg);
      const middle = message.length >> 1;
      expect(toHex(crypto.sha256(message))).toBe(md.toLowerCase());
      expect(toHex(crypto.sha256(message.subarray(0, middle), message.subarray(middle)))).toBe(
        md.toLowerCase(),
      );
    }
    expect(cases.length).toBeGreaterThan(100);
  });
});

describe('keys', () => {
  const alice = crypto.generateKeyPair();
  const bob = crypto.generateKeyPair();

  test('are 32 and 33 bytes, and the public one follows from the private one', () => {
    expect(alice.privateKey).toHaveLength(32);
    expect(alice.publicKey).toHaveLength(33);
    expect(crypto.publicKeyOf(alice.privateKey)).toEqual(alice.publicKey);
  });

  test('come from the generator that is given, and from nothing else', () => {
    const pair = (seed: string) =>
      toHex(nobleCrypto(seededRandom(seed)).generateKeyPair().publicKey);

    expect(pair('one')).toBe(pair('one'));
    expect(pair('one')).not.toBe(pair('two'));
  });

  test('of two sides agree on one secret', () => {
    expect(crypto.agree(alice.privateKey, bob.publicKey)).toEqual(
      crypto.agree(bob.privateKey, alice.publicKey),
    );
  });

  test('sign what verifies under the public key alone', () => {
    const signature = crypto.sign(alice.privateKey, ascii('message'));

    expect(signature).toHaveLength(64);
    expect(crypto.verify(alice.publicKey, ascii('message'), signature)).toBe(true);
    expect(crypto.verify(alice.publicKey, ascii('massage'), signature)).toBe(false);
    expect(crypto.verify(bob.publicKey, ascii('message'), signature)).toBe(false);
  });
});

describe('foreign bytes are refused, not thrown at', () => {
  const pair = crypto.generateKeyPair();
  const signature = crypto.sign(pair.privateKey, ascii('message'));
  const notOnCurve = Uint8Array.of(2, ...new Uint8Array(31), 1); // x³ - 3x + b is no square for x = 1
  const notReduced = Uint8Array.of(2, ...new Uint8Array(32).fill(0xff));

  test.each<[string, Uint8Array]>([
    ['the right one in its long form', p256.Point.fromBytes(pair.publicKey).toBytes(false)],
    ['nothing', new Uint8Array()],
    ['the point at infinity', Uint8Array.of(0)],
    ['a point of no form', Uint8Array.of(5, ...pair.publicKey.subarray(1))],
    ['x on no point of the curve', notOnCurve],
    ['x above the prime', notReduced],
    ['zeros', new Uint8Array(33)],
    ['the long form', Uint8Array.of(4, ...new Uint8Array(64))],
    ['one byte too many', Uint8Array.of(...pair.publicKey, 0)],
  ])('as a public key: %s', (_, key) => {
    expect(crypto.agree(pair.privateKey, key)).toBeUndefined();
    expect(crypto.verify(key, ascii('message'), signature)).toBe(false);
  });

  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['zeros', new Uint8Array(64)],
    ['ones', new Uint8Array(64).fill(0xff)],
    ['a byte too few', signature.subarray(1)],
    ['DER', Uint8Array.of(0x30, 0x44, 0x02, 0x20, ...signature.subarray(0, 60))],
  ])('as a signature: %s', (_, bytes) => {
    expect(crypto.verify(pair.publicKey, ascii('message'), bytes)).toBe(false);
  });

  test.each([0, 1, 15, 16, 40])('as a sealed text of %i bytes', (size) => {
    const opened = crypto.open(
      new Uint8Array(32),
      new Uint8Array(12),
      new Uint8Array(),
      new Uint8Array(size),
    );

    expect(opened).toBeUndefined();
  });
});
