/** Key derivation against NIST's vectors (SP 800-108, counter of 32 bits before the fixed data). */

import { describe, expect, test } from 'vitest';
import { ascii, joinBytes } from '#protocol/bytes';
import { expandKey, extractKey, kdfCounter } from '#protocol/kdf';
import { nobleCrypto } from '#protocol/noble-crypto';
import { fromHex, toHex } from '#test/support/golden';
import { seededRandom } from '#test/support/seeded-random';
import { readVectors } from '#test/support/vectors';

const crypto = nobleCrypto(seededRandom('kdf'));

interface AcvpGroup {
  counterLength: number;
  /** Bits. */
  keyOutLength: number;
  tests: { tcId: number; keyIn: string; fixedData: string; keyOut: string }[];
}
interface CavpGroup {
  RLEN: string;
  tests: { COUNT: string; L: string; KI: string; FixedInputData: string; KO: string }[];
}
const acvp = readVectors<{ testGroups: AcvpGroup[] }>('acvp/KDF-1.0.counter.HMAC-SHA2-256.json');
const cavp = readVectors<{ testGroups: CavpGroup[] }>('cavp/kdf108-counter.HMAC-SHA256.json');

/** The first bits of what we derive, since the vectors ask for bits and we for bytes. */
function derive(key: string, fixedData: string, bits: number): string {
  const derived = kdfCounter(crypto, fromHex(key), fromHex(fixedData), Math.ceil(bits / 8));
  const last = derived.length - 1;
  derived[last] = (derived[last] as number) & (0xff << ((8 - (bits % 8)) % 8));
  return toHex(derived);
}

test.skipIf(acvp === undefined)('every ACVP vector', () => {
  const groups = acvp?.testGroups.filter(({ counterLength }) => counterLength === 32) ?? [];
  const tests = groups.flatMap((group) => group.tests.map((one) => ({ ...one, ...group })));

  const wrong = tests.filter(
    ({ keyIn, fixedData, keyOut, keyOutLength }) =>
      derive(keyIn, fixedData, keyOutLength) !== keyOut.toLowerCase(),
  );

  expect(tests).toHaveLength(16);
  expect(wrong).toEqual([]);
});

test.skipIf(cavp === undefined)('every CAVP vector', () => {
  const tests = cavp?.testGroups.find(({ RLEN }) => RLEN === '32_BITS')?.tests ?? [];

  const wrong = tests.filter(
    ({ KI, FixedInputData, L, KO }) => derive(KI, FixedInputData, Number(L)) !== KO,
  );

  expect(tests).toHaveLength(40);
  expect(wrong).toEqual([]);
});

describe('the two steps', () => {
  test('extract is HMAC under the salt', () => {
    const [salt, secret] = [ascii('salt'), ascii('secret')];

    expect(extractKey(crypto, salt, secret)).toEqual(crypto.hmac(salt, secret));
  });

  test('expand puts label, zero, context and the size in bits behind the counter', () => {
    const key = new Uint8Array(32).fill(7);
    const fixed = joinBytes(ascii('label'), fromHex('00'), ascii('context'), fromHex('00000140'));

    expect(expandKey(crypto, key, 'label', ascii('context'), 40)).toEqual(
      kdfCounter(crypto, key, fixed, 40),
    );
  });

  test.each([0, -1, 1.5, 8161])('a key of %d bytes is not derived', (size) => {
    expect(() => kdfCounter(crypto, ascii('key'), ascii('data'), size)).toThrow(RangeError);
  });
});
