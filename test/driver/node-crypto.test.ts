/** The algorithms of the host against vectors nobody here wrote, and against those of the firmware, both ways. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { nobleCrypto } from '#protocol/noble-crypto';
import { fromHex, toHex } from '#test/support/golden';
import { seededRandom } from '#test/support/seeded-random';
import { readVectors } from '#test/support/vectors';

const noble = nobleCrypto(seededRandom('node-crypto'));
const bytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size });
const anyBytes = fc.uint8Array({ maxLength: 200 });

interface Vectors<Group> {
  readonly testGroups: readonly Group[];
}
interface Judged {
  readonly result: 'valid' | 'invalid' | 'acceptable';
}
interface SignatureGroup {
  readonly publicKey: { readonly uncompressed: string };
  readonly tests: readonly (Judged & { readonly msg: string; readonly sig: string })[];
}
interface AgreementGroup {
  readonly tests: readonly (Judged & {
    readonly public: string;
    readonly private: string;
    readonly shared: string;
  })[];
}
interface CipherGroup {
  readonly ivSize: number;
  readonly keySize: number;
  readonly tests: readonly (Judged & {
    readonly key: string;
    readonly iv: string;
    readonly aad: string;
    readonly msg: string;
    readonly ct: string;
    readonly tag: string;
  })[];
}

const signatures = readVectors<Vectors<SignatureGroup>>(
  'wycheproof/ecdsa_secp256r1_sha256_p1363_test.json',
);
const agreements = readVectors<Vectors<AgreementGroup>>(
  'wycheproof/ecdh_secp256r1_ecpoint_test.json',
);
const ciphers = readVectors<Vectors<CipherGroup>>('wycheproof/aes_gcm_test.json');
interface HmacVectors {
  readonly testGroups: readonly {
    readonly tests: readonly { readonly key: string; readonly msg: string; readonly mac: string }[];
  }[];
}
const macs = readVectors<HmacVectors>('acvp/HMAC-SHA2-256-2.0.json');

/** 33 bytes for 65; anything else as it is. */
function compressed(point: string): Uint8Array {
  const whole = fromHex(point);
  if (whole.length !== 65 || whole[0] !== 4) return whole;
  return Uint8Array.of(2 + ((whole[64] as number) & 1), ...whole.subarray(1, 33));
}

describe('vectors', () => {
  test.skipIf(signatures === undefined)('Wycheproof ECDSA P-256, SHA-256, r ‖ s', () => {
    const cases = (signatures?.testGroups ?? []).flatMap(({ publicKey, tests }) =>
      tests.map((one) => ({ ...one, key: compressed(publicKey.uncompressed) })),
    );

    const wrong = cases.filter(
      ({ key, msg, sig, result }) =>
        nodeCrypto.verify(key, fromHex(msg), fromHex(sig)) !== (result === 'valid'),
    );

    expect(cases).toHaveLength(262);
    expect(wrong).toEqual([]);
  });

  test.skipIf(agreements === undefined)(
    'Wycheproof ECDH P-256: points off the curve give nothing',
    () => {
      const cases = (agreements?.testGroups ?? []).flatMap(({ tests }) => tests);

      const wrong = cases.filter((one) => {
        const privateKey = fromHex(one.private.padStart(64, '0').slice(-64));
        const shared = nodeCrypto.agree(privateKey, compressed(one.public));
        return one.result === 'invalid'
          ? shared !== undefined && nodeCrypto.agree(privateKey, fromHex(one.public)) !== undefined
          : toHex(shared ?? new Uint8Array()) !== one.shared;
      });

      expect(cases).toHaveLength(355);
      expect(wrong).toEqual([]);
    },
  );

  test.skipIf(ciphers === undefined)('Wycheproof AES-256-GCM with nonces of 96 bits', () => {
    const cases = (ciphers?.testGroups ?? [])
      .filter(({ ivSize, keySize }) => ivSize === 96 && keySize === 256)
      .flatMap(({ tests }) => tests);

    const wrong = cases.filter((one) => {
      const [key, nonce, associated] = [fromHex(one.key), fromHex(one.iv), fromHex(one.aad)];
      const opened = nodeCrypto.open(key, nonce, associated, fromHex(one.ct + one.tag));
      if (one.result !== 'valid') return opened !== undefined;
      const sealed = nodeCrypto.seal(key, nonce, associated, fromHex(one.msg));
      return toHex(sealed) !== one.ct + one.tag || toHex(opened ?? key) !== one.msg;
    });

    expect(cases.length).toBeGreaterThan(60);
    expect(wrong).toEqual([]);
  });

  test.skipIf(macs === undefined)('ACVP HMAC-SHA-256', () => {
    const cases = (macs?.testGroups ?? []).flatMap(({ tests }) => tests);

    const wrong = cases.filter(
      ({ key, msg, mac }) =>
        !toHex(nodeCrypto.hmac(fromHex(key), fromHex(msg))).startsWith(mac.toLowerCase()),
    );

    expect(cases).toHaveLength(150);
    expect(wrong).toEqual([]);
  });
});

describe('the host and the firmware compute the same', () => {
  test('digests, tags and sealed texts', () => {
    fc.assert(
      fc.property(bytes(32), bytes(12), anyBytes, anyBytes, (key, nonce, left, right) => {
        const sealed = nodeCrypto.seal(key, nonce, left, right);

        expect(nodeCrypto.sha256(left, right)).toEqual(noble.sha256(left, right));
        expect(nodeCrypto.hmac(key, left, right)).toEqual(noble.hmac(key, left, right));
        expect(sealed).toEqual(noble.seal(key, nonce, left, right));
        expect(noble.open(key, nonce, left, sealed)).toEqual(right);
        expect(nodeCrypto.open(key, nonce, left, sealed)).toEqual(right);
      }),
    );
  });

  test('what one signs the other verifies, and both agree on one secret', () => {
    fc.assert(
      fc.property(anyBytes, (message) => {
        const [ours, theirs] = [nodeCrypto.generateKeyPair(), noble.generateKeyPair()];

        const signed = nodeCrypto.sign(ours.privateKey, message);
        const signedThere = noble.sign(theirs.privateKey, message);

        expect(signed).toHaveLength(64);
        expect(noble.verify(ours.publicKey, message, signed)).toBe(true);
        expect(nodeCrypto.verify(theirs.publicKey, message, signedThere)).toBe(true);
        expect(nodeCrypto.publicKeyOf(theirs.privateKey)).toEqual(theirs.publicKey);
        expect(nodeCrypto.agree(ours.privateKey, theirs.publicKey)).toEqual(
          noble.agree(theirs.privateKey, ours.publicKey),
        );
      }),
      { numRuns: 20 },
    );
  });

  test('both take and refuse the same bytes as a key', () => {
    const { privateKey } = nodeCrypto.generateKeyPair();
    const head = fc.constantFrom(0x00, 0x02, 0x03, 0x04, 0x06, 0x07);

    fc.assert(
      fc.property(head, bytes(32), (first, x) => {
        const key = Uint8Array.of(first, ...x);

        expect(nodeCrypto.agree(privateKey, key)).toEqual(noble.agree(privateKey, key));
      }),
    );
  });
});

describe('foreign bytes never throw', () => {
  const pair = nodeCrypto.generateKeyPair();

  test('as key, signature or sealed text', () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, (left, right) => {
        expect(nodeCrypto.verify(left, right, right)).toBe(false);
        expect(nodeCrypto.verify(pair.publicKey, right, left)).toBe(false);
        expect(nodeCrypto.agree(pair.privateKey, left)).toBe(undefined);
        expect(nodeCrypto.open(new Uint8Array(32), left.subarray(0, 12), right, right)).toBe(
          undefined,
        );
      }),
    );
  });

  test('one flipped bit of a signature, message or key', () => {
    const message = nodeCrypto.randomBytes(40);
    const signature = nodeCrypto.sign(pair.privateKey, message);
    const flipped = (whole: Uint8Array, bit: number) =>
      whole.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

    for (let bit = 0; bit < 8 * 33; bit++) {
      expect(nodeCrypto.verify(pair.publicKey, message, flipped(signature, bit))).toBe(false);
      expect(nodeCrypto.verify(pair.publicKey, flipped(message, bit), signature)).toBe(false);
      expect(nodeCrypto.verify(flipped(pair.publicKey, bit), message, signature)).toBe(false);
    }
  });
});

test('a private key of the wrong size or outside the group is a bug of the caller and throws', () => {
  for (const key of [
    new Uint8Array(31),
    new Uint8Array(33),
    new Uint8Array(32),
    new Uint8Array(32).fill(0xff),
  ])
    expect(() => nodeCrypto.sign(key, key)).toThrow();
});

test('many keys of others are verified right, however few are remembered', () => {
  const message = nodeCrypto.randomBytes(8);
  const signed = Array.from({ length: 600 }, () => {
    const { privateKey, publicKey } = nodeCrypto.generateKeyPair();
    return { publicKey, signature: nodeCrypto.sign(privateKey, message) };
  });

  for (const round of [signed, signed.toReversed()])
    for (const { publicKey, signature } of round)
      expect(nodeCrypto.verify(publicKey, message, signature)).toBe(true);
});
