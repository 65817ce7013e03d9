/** Snapshots, digests, traces and rot: a flash part that can be looked at and set back (docs/flash-model.md). */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMemoryFlash, type FlashDevice, type FlashOptions } from '#emulator/flash';
import { tearModes } from '#emulator/flash/tear';
import { wearFailures } from '#emulator/flash/wear';
import { PowerLost } from '#emulator/power';
import {
  bytesOf,
  differingBits,
  filled,
  implementations,
  SMALL,
  status,
  survives,
  unit,
} from './flash-implementations.ts';

const step = fc.oneof(
  fc.record({
    kind: fc.constant('program' as const),
    at: fc.nat(15),
    data: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  }),
  fc.record({ kind: fc.constant('erase' as const), at: fc.nat(3) }),
  fc.record({
    kind: fc.constant('arm' as const),
    after: fc.nat(3),
    tear: fc.constantFrom(...tearModes),
    tornBytes: fc.nat(64),
    seed: fc.nat(99),
    unsynced: fc.constantFrom('kept' as const, 'lost' as const),
  }),
  fc.record({ kind: fc.constantFrom('sync' as const, 'read' as const, 'restorePower' as const) }),
  fc.record({ kind: fc.constant('rot' as const), seed: fc.nat(99), flips: fc.nat(5) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Does one step and says what came of it, as far as it can be seen. */
function perform(flash: FlashDevice, asked: Step): string {
  switch (asked.kind) {
    case 'program':
      return answerOf(() => status(() => flash.program(asked.at * 16, asked.data.slice().buffer)));
    case 'erase':
      return answerOf(() => flash.erase(asked.at * 64));
    case 'arm':
      return answerOf(() => flash.losePowerAfter(asked.after, asked));
    case 'sync':
      return answerOf(() => flash.sync());
    case 'read':
      return answerOf(() => bytesOf(flash, 0, 256).join());
    case 'restorePower':
      return answerOf(() => flash.restorePower());
    case 'rot':
      return answerOf(() => flash.rot(asked).join());
  }
}

function answerOf(call: () => unknown): string {
  let answer: unknown;
  return survives(() => {
    answer = call();
  })
    ? String(answer)
    : 'power lost';
}

/** Tears a unit so that some of its bits are weak. */
function weaken(flash: FlashDevice, offset: number, seed: number): void {
  flash.losePowerAfter(0, { tear: 'marginal', tornBytes: 0, seed });
  expect(() => flash.program(offset, unit(0))).toThrow(PowerLost);
  flash.restorePower();
}

const stateOf = (flash: FlashDevice) => ({
  contents: flash.contents(),
  weakBits: flash.weakBits,
  wear: [...flash.wear],
  isPowered: flash.isPowered,
  digest: flash.digest(),
});

const steps = fc.array(step, { maxLength: 25 });
const options: fc.Arbitrary<FlashOptions> = fc.record({
  seed: fc.nat(9),
  endurance: fc.constantFrom(1, 2, Number.POSITIVE_INFINITY),
  wearFailure: fc.constantFrom(...wearFailures, 'any' as const),
});

describe.each(implementations)('%s flash', (_, make) => {
  test('set back to a snapshot is what it was, and goes on as it did', () => {
    fc.assert(
      fc.property(options, steps, steps, (how, before, after) => {
        const flash = make({ geometry: SMALL, ...how });
        for (const asked of before) perform(flash, asked);
        const then = stateOf(flash);
        const snapshot = flash.snapshot();
        const first = after.map((asked) => [perform(flash, asked), stateOf(flash)]);

        flash.restore(snapshot);
        expect(stateOf(flash)).toEqual(then);
        const second = after.map((asked) => [perform(flash, asked), stateOf(flash)]);

        expect(second).toEqual(first);
      }),
      { numRuns: 120 },
    );
  });

  test('two parts of the same options that take the same steps are the same', () => {
    fc.assert(
      fc.property(options, steps, (how, taken) => {
        const [one, other] = [
          make({ geometry: SMALL, ...how }),
          createMemoryFlash({ geometry: SMALL, ...how }),
        ];

        for (const asked of taken) expect(perform(one, asked)).toBe(perform(other, asked));

        expect(stateOf(one)).toEqual(stateOf(other));
        expect(one.counters).toEqual(other.counters);
      }),
      { numRuns: 120 },
    );
  });

  test('a snapshot does not follow what is done later, and holds for another part too', () => {
    const flash = make({ geometry: SMALL });
    flash.losePowerAfter(0, { tear: 'weak' });
    expect(() => flash.program(0, filled(64, 0))).toThrow(PowerLost);
    const snapshot = flash.snapshot();
    const then = stateOf(flash);

    flash.restorePower();
    flash.erase(0);
    flash.damage(100, new Uint8Array(50));
    const other = make({ geometry: SMALL });
    other.restore(structuredClone(snapshot));

    expect(stateOf(other)).toEqual(then);
    expect(answerOf(() => other.program(16, unit(0)))).toBe('power lost');
  });

  test('counters and traces go on over a restore; wear goes back', () => {
    const flash = make({ geometry: SMALL });
    const snapshot = flash.snapshot();
    using trace = flash.traceOperations();
    flash.erase(0);

    flash.restore(snapshot);
    flash.erase(0);

    expect(flash.counters.erases).toBe(2);
    expect(flash.sectorCounters(0).erases).toBe(2);
    expect(flash.wear[0]).toBe(1);
    expect(trace.operations).toHaveLength(2);
  });

  test('a trace lists what the chip began, the operation that was cut too, until it ends', () => {
    const flash = make({ geometry: SMALL });
    const trace = flash.traceOperations();

    flash.program(16, filled(32, 0));
    status(() => flash.program(16, unit(0)));
    flash.sync();
    flash.losePowerAfter(0);
    expect(() => flash.erase(64)).toThrow(PowerLost);
    flash.restorePower();
    trace[Symbol.dispose]();
    flash.erase(0);

    expect(trace.operations).toEqual([
      { op: 'program', offset: 16, length: 32 },
      { op: 'erase', offset: 64, length: 64 },
    ]);
  });

  test('rots in so many bits, within the place that was said, the same for the same seed', () => {
    const flash = make({ geometry: SMALL });
    flash.program(64, filled(64, 0x33));
    const before = flash.contents();
    const snapshot = flash.snapshot();

    const flipped = flash.rot({ seed: 4, flips: 30, offset: 60, length: 20 });

    expect(differingBits(before, flash.contents())).toEqual(flipped);
    expect(flipped).toHaveLength(30);
    expect(flipped.every((bit) => bit >= 480 && bit < 640)).toBe(true);
    flash.restore(snapshot);
    expect(flash.rot({ seed: 4, flips: 30, offset: 60, length: 20 })).toEqual(flipped);
    flash.restore(snapshot);
    expect(flash.rot({ seed: 5, flips: 30, offset: 60, length: 20 })).not.toEqual(flipped);
    expect(flash.rot({ seed: 6, flips: 2048 })).toHaveLength(2048);
  });

  test.each([
    { flips: 2049 },
    { flips: 9, offset: 255 },
    { flips: 1, offset: 250, length: 7 },
    { flips: -1 },
    { flips: 0.5 },
  ])('does not rot in %o', (where) => {
    expect(() => make({ geometry: SMALL }).rot({ seed: 0, ...where })).toThrow(RangeError);
  });

  test('what is overwritten by force is weak no more', () => {
    const flash = make({ geometry: SMALL });
    flash.losePowerAfter(0, { tear: 'weak', tornBytes: 5 });
    expect(() => flash.program(0, filled(64, 0))).toThrow(PowerLost);
    flash.restorePower();

    flash.damage(0, new Uint8Array(64).fill(0x77));

    expect(flash.weakBits).toEqual([]);
    expect(bytesOf(flash, 0, 64)).toEqual(new Uint8Array(64).fill(0x77));
  });

  test('set back, weak bits read as they did after the snapshot', () => {
    const flash = make({ geometry: SMALL });
    weaken(flash, 0, 1);
    const read = () => Array.from({ length: 20 }, () => bytesOf(flash, 0, 16).join());
    read();
    const snapshot = flash.snapshot();
    const first = read();

    flash.restore(snapshot);

    expect(read()).toEqual(first);
    expect(new Set(first).size).toBeGreaterThan(1);
  });

  test('with another seed for its noise, one image is read in another way', () => {
    const flash = make({ geometry: SMALL });
    weaken(flash, 0, 1);
    const snapshot = flash.snapshot();
    const read = (seed: number): string => {
      flash.restore(snapshot);
      flash.reseed(seed);
      return Array.from({ length: 10 }, () => bytesOf(flash, 0, 16).join()).join();
    };

    expect(read(1)).toBe(read(1));
    expect(new Set([1, 2, 3, 4].map(read)).size).toBe(4);
  });
});

describe('a digest', () => {
  const cutBy = (tear: (typeof tearModes)[number], tornBytes: number): string => {
    const flash = createMemoryFlash({ geometry: SMALL });
    flash.losePowerAfter(0, { tear, tornBytes });
    expect(() => flash.program(0, unit(0))).toThrow(PowerLost);
    return flash.digest();
  };

  test('is equal for images that behave alike, whatever led to them', () => {
    expect(cutBy('prefix', 0)).toBe(cutBy('phantom', 0));
    expect(cutBy('prefix', 16)).toBe(cutBy('suffix', 16));

    const weakIn = (units: readonly number[]) => {
      const flash = createMemoryFlash({ geometry: SMALL });
      for (const offset of units) weaken(flash, offset, offset);
      return [flash.digest(), ...Array.from({ length: 9 }, () => bytesOf(flash, 0, 64).join())];
    };
    expect(weakIn([48, 0, 16])).toEqual(weakIn([0, 16, 48]));

    const flash = createMemoryFlash({ geometry: SMALL });
    const blank = flash.digest();
    flash.program(0, unit(0));
    flash.erase(0);
    expect(flash.digest()).toBe(blank);
  });

  test('tells a spent unit from a blank one, a weak bit from a firm one, and a bit from the next', () => {
    const blank = createMemoryFlash({ geometry: SMALL }).digest();

    const digests = [blank, cutBy('phantom', 0), cutBy('weak', 0), cutBy('prefix', 16)];
    for (let bit = 0; bit < 2048; bit += 1) {
      const flash = createMemoryFlash({ geometry: SMALL });
      flash.damage(bit >> 3, Uint8Array.of(0xff ^ (1 << (bit & 7))));
      digests.push(flash.digest());
    }

    expect(new Set(digests).size).toBe(digests.length);
  });

  test('tells parts apart by their wear where that matters, and only there', () => {
    const digests = [Number.POSITIVE_INFINITY, 5].map((endurance) => {
      const flash = createMemoryFlash({ geometry: SMALL, endurance });
      const before = flash.digest();
      flash.erase(0);
      return before === flash.digest();
    });

    expect(digests).toEqual([true, false]);
  });
});

test.each([
  { size: 512, sectorSize: 64, programUnit: 16 },
  { size: 256, sectorSize: 128, programUnit: 16 },
  { size: 512, sectorSize: 128, programUnit: 16 },
  { size: 256, sectorSize: 64, programUnit: 32 },
])(
  'a part of $size / $sectorSize / $programUnit bytes is not set back to another one',
  (geometry) => {
    const snapshot = createMemoryFlash({ geometry: SMALL }).snapshot();
    const other = createMemoryFlash({ geometry });

    expect(() => other.restore(snapshot)).toThrow(RangeError);
  },
);
