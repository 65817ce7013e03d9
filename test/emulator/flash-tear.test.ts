/** What is left of a program or an erase in which power failed: each mode by its definition (docs/flash-model.md). */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createMemoryFlash,
  type FlashDevice,
  type FlashOptions,
  type PowerCut,
} from '#emulator/flash';
import { seeded } from '#emulator/flash/seeded';
import { type TearMode, tearModes } from '#emulator/flash/tear';
import { PowerLost } from '#emulator/power';
import { flashStatus } from '#hw/flash';
import {
  bytesOf,
  differingBits,
  filled,
  implementations,
  SMALL,
  status,
  unit,
} from './flash-implementations.ts';

/** The second sector. */
const OFFSET = 64;
const LENGTH = 64;
const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);
const places = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);

const noise = seeded(7);
const DATA = Uint8Array.from({ length: LENGTH }, () => noise.below(256));
const BLANK = new Uint8Array(LENGTH).fill(0xff);

/** Operations over the whole second sector: what was there, what should be there, and how it is asked for. */
const operations = {
  program: {
    old: BLANK,
    next: DATA,
    ask: (flash: FlashDevice) => flash.program(OFFSET, DATA.slice().buffer),
  },
  erase: { old: DATA, next: BLANK, ask: (flash: FlashDevice) => flash.erase(OFFSET) },
};
type Operation = keyof typeof operations;
const eachOperation = Object.keys(operations) as Operation[];

/** A part in which one operation was cut, and has power again. */
function cutIn(
  operation: Operation,
  cut: PowerCut,
  make = createMemoryFlash as (typeof implementations)[number][1],
  options: FlashOptions = {},
): FlashDevice {
  const flash = make({ geometry: SMALL, ...options });
  flash.program(0, filled(64, 0x3c));
  flash.program(128, filled(32, 0xc3));
  if (operation === 'erase') flash.program(OFFSET, DATA.slice().buffer);
  flash.losePowerAfter(0, cut);
  expect(() => operations[operation].ask(flash)).toThrow(PowerLost);
  flash.restorePower();
  return flash;
}

const sectorOf = (flash: FlashDevice): Uint8Array =>
  flash.contents().subarray(OFFSET, OFFSET + LENGTH);
/** Byte numbers within the operation of the weak bits. */
const weakBytes = (flash: FlashDevice): number[] =>
  flash.weakBits.map((bit) => (bit >> 3) - OFFSET);

describe.each(eachOperation)('%s, cut', (operation) => {
  const { old, next } = operations[operation];
  const changing = (at: number): number => (old[at] as number) ^ (next[at] as number);
  const bits = (mask: number): number =>
    differingBits(Uint8Array.of(mask), Uint8Array.of(0)).length;

  test('prefix: the first bytes became what they should, the rest stayed', () => {
    for (const tornBytes of places(0, LENGTH)) {
      const found = sectorOf(cutIn(operation, { tear: 'prefix', tornBytes }));

      expect(found).toEqual(
        Uint8Array.of(...next.subarray(0, tornBytes), ...old.subarray(tornBytes)),
      );
    }
  });

  test('suffix: the last bytes became what they should, the rest stayed', () => {
    for (const tornBytes of places(0, LENGTH)) {
      const found = sectorOf(cutIn(operation, { tear: 'suffix', tornBytes }));

      const from = LENGTH - tornBytes;
      expect(found).toEqual(Uint8Array.of(...old.subarray(0, from), ...next.subarray(from)));
    }
  });

  test('torn byte: one byte is split between its bits, those before are done, those behind are not', () => {
    for (const tornBytes of places(0, LENGTH - 1))
      for (const seed of SEEDS.slice(0, 8)) {
        const found = sectorOf(cutIn(operation, { tear: 'tornByte', tornBytes, seed }));

        expect(found.subarray(0, tornBytes)).toEqual(next.subarray(0, tornBytes));
        expect(found.subarray(tornBytes + 1)).toEqual(old.subarray(tornBytes + 1));
        const mask = changing(tornBytes);
        const done = (found[tornBytes] as number) ^ (old[tornBytes] as number);
        expect(done & ~mask).toBe(0);
        if (bits(mask) > 0) expect(done).not.toBe(mask);
        if (bits(mask) > 1) expect(done).not.toBe(0);
      }
  });

  test('bit subset: bits anywhere became what they should, the more the later power failed', () => {
    const all = differingBits(old, next);
    const ever = new Set<number>();

    for (const tornBytes of [8, 32, 56]) {
      const done = SEEDS.map((seed) =>
        differingBits(old, sectorOf(cutIn(operation, { tear: 'bitSubset', tornBytes, seed }))),
      );

      expect(done.flat().every((bit) => all.includes(bit))).toBe(true);
      for (const bit of done.flat()) ever.add(bit);
      expect(new Set(done.map(String)).size).toBe(SEEDS.length);
      const share = done.flat().length / (all.length * SEEDS.length);
      expect(Math.abs(share - tornBytes / LENGTH)).toBeLessThan(0.03);
    }
    expect(ever.size).toBe(all.length); // none that always stays behind
  });

  test('marginal: up to 16 bytes hold bits that are done, not done, or weak; before is done, behind is not', () => {
    const fates = { done: 0, left: 0, weak: 0 };
    const extents = new Set<number>();

    for (const tornBytes of places(0, LENGTH - 1))
      for (const seed of SEEDS.slice(0, 10)) {
        const flash = cutIn(operation, { tear: 'marginal', tornBytes, seed });
        const found = sectorOf(flash);

        const end = Math.min(LENGTH, tornBytes + 16);
        expect(found.subarray(0, tornBytes)).toEqual(next.subarray(0, tornBytes));
        expect(found.subarray(end)).toEqual(old.subarray(end));
        const weak = flash.weakBits.map((bit) => bit - OFFSET * 8);
        const could = differingBits(old, next).filter(
          (bit) => bit >> 3 >= tornBytes && bit >> 3 < end,
        );
        expect(weak.filter((bit) => !could.includes(bit))).toEqual([]);
        const done = differingBits(old, found).filter((bit) => bit >> 3 >= tornBytes);
        expect(done.filter((bit) => !could.includes(bit) || weak.includes(bit))).toEqual([]);
        const last = Math.max(...weak, ...done, -1);
        if (last >= 0) extents.add((last >> 3) - tornBytes + 1);
        const within = could.filter((bit) => bit <= last).length;
        fates.weak += weak.length;
        fates.done += done.length;
        fates.left += within - weak.length - done.length;
      }

    const total = fates.done + fates.left + fates.weak;
    for (const fate of Object.values(fates)) expect(fate / total).toBeGreaterThan(0.25);
    expect(Math.max(...extents)).toBe(16);
    expect(Math.min(...extents)).toBe(1);
  });

  test('weak: all is done but one bit of the byte, and in half of the cases another one, which are weak', () => {
    const counts = [0, 0, 0];

    for (const tornBytes of places(0, LENGTH - 1))
      for (const seed of SEEDS.slice(0, 10)) {
        const flash = cutIn(operation, { tear: 'weak', tornBytes, seed });
        const weak = flash.weakBits.map((bit) => bit - OFFSET * 8);

        expect(differingBits(next, sectorOf(flash))).toEqual(weak);
        if (changing(tornBytes) !== 0) expect(weakBytes(flash)).toContain(tornBytes);
        counts[weak.length] = (counts[weak.length] as number) + 1;
      }

    expect(counts[0]).toBe(0);
    const [, one, two] = counts as [number, number, number];
    expect(two / (one + two)).toBeGreaterThan(0.4);
    expect(two / (one + two)).toBeLessThan(0.6);
  });

  test('phantom: it began, nothing changed, and its units take no program', () => {
    const flash = cutIn(operation, { tear: 'phantom' });

    expect(sectorOf(flash)).toEqual(old);
    expect(status(() => flash.program(OFFSET, unit(0)))).toBe(flashStatus.refused);
  });

  test.each(tearModes.filter((mode) => mode !== 'weak' && mode !== 'phantom'))(
    '%s: behind its last byte it is finished',
    (tear) => {
      const flash = cutIn(operation, { tear, tornBytes: LENGTH });

      expect(sectorOf(flash)).toEqual(next);
      expect(flash.weakBits).toEqual([]);
      const after = status(() => flash.program(OFFSET, unit(0)));
      expect(after).toBe(operation === 'erase' ? flashStatus.ok : flashStatus.refused);
    },
  );

  test.each(tearModes)('%s: without a place it is cut at its start or in its middle', (tear) => {
    const tornBytes = tear === 'prefix' || tear === 'suffix' ? 0 : LENGTH / 2;

    expect(cutIn(operation, { tear }).digest()).toBe(
      cutIn(operation, { tear, tornBytes }).digest(),
    );
  });
});

const anyCut = fc.record({
  operation: fc.constantFrom(...eachOperation),
  tear: fc.constantFrom(...tearModes),
  tornBytes: fc.nat(70),
  seed: fc.nat(),
});

describe.each(implementations)('%s flash, cut anywhere in any mode', (_, make) => {
  test('every bit of the operation is old, new or weak, and no other bit is touched', () => {
    fc.assert(
      fc.property(anyCut, ({ operation, ...cut }) => {
        const flash = cutIn(operation, cut, make);
        const { old, next } = operations[operation];

        const couldChange = new Set(differingBits(old, next));
        expect(differingBits(old, sectorOf(flash)).every((bit) => couldChange.has(bit))).toBe(true);
        expect(flash.weakBits.every((bit) => couldChange.has(bit - OFFSET * 8))).toBe(true);
        expect(flash.contents().subarray(0, 64)).toEqual(new Uint8Array(64).fill(0x3c));
        expect(flash.contents().subarray(128, 160)).toEqual(new Uint8Array(32).fill(0xc3));
        expect(flash.contents().subarray(160)).toEqual(new Uint8Array(96).fill(0xff));
      }),
      { numRuns: 150 },
    );
  });

  test('its units take no program before they are erased again, and then all is well', () => {
    fc.assert(
      fc.property(anyCut, ({ operation, ...cut }) => {
        const flash = cutIn(operation, { ...cut, tornBytes: cut.tornBytes % LENGTH }, make);

        for (const at of [64, 80, 96, 112])
          expect(status(() => flash.program(at, unit(0x11)))).toBe(flashStatus.refused);
        expect(flash.erase(OFFSET)).toBe(flashStatus.ok);

        expect(flash.weakBits).toEqual([]);
        expect(bytesOf(flash, OFFSET, LENGTH)).toEqual(BLANK);
        expect(flash.program(OFFSET, DATA.slice().buffer)).toBe(flashStatus.ok);
      }),
      { numRuns: 150 },
    );
  });

  test('weak bits read as zero and as one; every other bit reads as it is stored, each time', () => {
    fc.assert(
      fc.property(anyCut, ({ operation, ...cut }) => {
        const flash = cutIn(operation, cut, make);
        const stored = flash.contents();

        const differing = Array.from({ length: 40 }, () =>
          differingBits(stored, bytesOf(flash, 0, 256)),
        );

        expect([...new Set(differing.flat())].sort((a, b) => a - b)).toEqual(flash.weakBits);
        for (const bit of flash.weakBits)
          expect(differing.every((bits) => bits.includes(bit))).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  test('the same seed gives the same tear and the same noise, another one another', () => {
    const look = (options: FlashOptions, seed: number): string => {
      const flash = cutIn('program', { tear: 'marginal', tornBytes: 20, seed }, make, options);
      const reads = Array.from({ length: 20 }, () => bytesOf(flash, OFFSET, LENGTH).join());
      return [flash.digest(), ...reads].join(' ');
    };

    expect(look({ seed: 1 }, 2)).toBe(look({ seed: 1 }, 2));
    expect(look({ seed: 1 }, 2)).not.toBe(look({ seed: 1 }, 3));
    expect(look({ seed: 1 }, 2)).not.toBe(look({ seed: 2 }, 2));
  });
});

test('a cut means the same tomorrow: these are the tears of one seed', () => {
  const digests = tearModes.map((tear): [TearMode, string] => [
    tear,
    cutIn('program', { tear, tornBytes: 30, seed: 12 }, undefined, { seed: 5 })
      .digest()
      .slice(0, 8),
  ]);

  expect(Object.fromEntries(digests)).toMatchInlineSnapshot(`
    {
      "bitSubset": "99b6e224",
      "marginal": "fd4a6127",
      "phantom": "82de2d38",
      "prefix": "c82cc7f3",
      "suffix": "2d62192e",
      "tornByte": "f19ee251",
      "weak": "51c1f0ee",
    }
  `);
});

describe('an erase that goes through zeros, cut', () => {
  const options = { erasesThroughZeros: true };

  test('leaves zeros where it did not come to, in what was blank too', () => {
    const cut = { tear: 'prefix', tornBytes: 40 } as const;

    const found = sectorOf(cutIn('erase', cut, undefined, options));

    expect(found).toEqual(new Uint8Array(LENGTH).fill(0xff, 0, 40));
  });

  test('changes nothing where it did no more than begin', () => {
    expect(sectorOf(cutIn('erase', { tear: 'phantom' }, undefined, options))).toEqual(DATA);
  });
});

describe('neighbours of a cut operation', () => {
  const geometry = { size: 4096, sectorSize: 1024, programUnit: 16 };
  /** Programs units 0, 30, 40 and 63, then loses power in unit 32. */
  function disturbed(cut: PowerCut): { before: Uint8Array; flash: FlashDevice } {
    const flash = createMemoryFlash({ geometry });
    for (const at of [0, 480, 640, 1008]) flash.program(at, unit(0x5a));
    const before = flash.contents();
    flash.losePowerAfter(0, { tear: 'phantom', ...cut });
    expect(() => flash.program(512, unit(0))).toThrow(PowerLost);
    return { before, flash };
  }

  test('stay as they are by default', () => {
    const { before, flash } = disturbed({});

    expect(flash.contents()).toEqual(before);
  });

  test('lose so many bits as were asked for, in units programmed within 256 bytes', () => {
    const touched = new Set<number>();

    for (const seed of SEEDS) {
      const { before, flash } = disturbed({ disturbedBits: 3, seed });
      const flipped = differingBits(before, flash.contents());
      expect(flipped).toHaveLength(3);
      for (const bit of flipped) touched.add(Math.floor(bit / 128) * 16);
    }

    expect([...touched].sort((a, b) => a - b)).toEqual([480, 640]);
  });

  test('lose no more bits than there are', () => {
    const { before, flash } = disturbed({ disturbedBits: 1000 });

    expect(differingBits(before, flash.contents())).toHaveLength(2 * 128);
  });
});

test.each([
  [-1, {}],
  [0.5, {}],
  [0, { tornBytes: -1 }],
  [0, { disturbedBits: 0.5 }],
] as const)('no cut is armed after %d operations with %o', (after, cut) => {
  const flash = createMemoryFlash({ geometry: SMALL });

  expect(() => flash.losePowerAfter(after, cut)).toThrow(RangeError);
});
