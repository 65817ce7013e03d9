/** Sources of noise: what each promises (requirements.md H1, H4). */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createBiasedEntropy,
  createSeededEntropy,
  createStuckEntropy,
  deadEntropy,
  systemEntropy,
} from '#emulator/entropy';
import type { Entropy } from '#hw/hardware';

const read = (source: Entropy, length: number): Uint8Array => new Uint8Array(source.read(length));

/** The published outputs of SplitMix64 for the seed 1234567. */
test('seeded noise is SplitMix64, the lowest byte first', () => {
  const view = new DataView(createSeededEntropy(1234567).read(40));

  const words = [0, 8, 16, 24, 32].map((at) => view.getBigUint64(at, true));

  expect(words).toEqual([
    6457827717110365317n,
    3203168211198807973n,
    9817491932198370423n,
    4593380528125082431n,
    16408922859458223821n,
  ]);
});

test('seeded noise is the same however it is read', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.array(fc.nat(20)),
      (seed, lengths) => {
        const piecewise = createSeededEntropy(seed);

        const pieces = lengths.map((length) => read(piecewise, length));

        const total = lengths.reduce((sum, length) => sum + length, 0);
        expect(Buffer.concat(pieces)).toEqual(Buffer.from(read(createSeededEntropy(seed), total)));
      },
    ),
  );
});

test('a stuck source repeats one byte, a dead one gives nothing', () => {
  expect(read(createStuckEntropy(0xa5), 3)).toEqual(Uint8Array.of(0xa5, 0xa5, 0xa5));
  expect(read(deadEntropy, 3)).toEqual(Uint8Array.of());
});

test.each([0, 64, 128, 230, 256])('a source that leans by %d of 256 does so', (onesOf256) => {
  const source = createBiasedEntropy(3, onesOf256);
  const bytes = Array.from({ length: 16 }, () => read(source, 4096)).flatMap((part) => [...part]);

  const ones = bytes.reduce((sum, value) => sum + bits(value), 0) / (8 * bytes.length);

  expect(ones).toBeCloseTo(onesOf256 / 256, 2);
});

function bits(value: number): number {
  return value.toString(2).replaceAll('0', '').length;
}

describe.each<[string, Entropy]>([
  ['system', systemEntropy],
  ['seeded', createSeededEntropy(1)],
  ['stuck', createStuckEntropy()],
  ['biased', createBiasedEntropy(1, 200)],
])('%s noise', (_, source) => {
  test.each([0, 1, 7, 4096])('gives %d bytes when asked for them', (length) => {
    expect(source.read(length).byteLength).toBe(length);
  });
});

test.each([-1, 4097, 0.5])('no source is asked for %d bytes', (length) => {
  for (const source of [systemEntropy, createSeededEntropy(1), deadEntropy])
    expect(() => source.read(length)).toThrow(RangeError);
});
