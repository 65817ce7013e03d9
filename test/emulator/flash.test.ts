/** The contract of flash over each implementation, and the strict chip against a model of 20 lines (requirements.md H3). */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMemoryFlash, type FlashDevice, type FlashGeometry } from '#emulator/flash';
import { PowerLost } from '#emulator/power';
import { flashStatus } from '#hw/flash';
import {
  bytesOf,
  filled,
  implementations,
  SMALL,
  status,
  survives,
  unit,
} from './flash-implementations.ts';

/** As wide as the limits of one call. */
const WIDE: FlashGeometry = { size: 16_384, sectorSize: 8192, programUnit: 16 };

describe.each(implementations)('%s flash', (_, make) => {
  test('is all ones when it is new, and says its sizes', () => {
    const flash = make({ geometry: SMALL });

    const { size, sectorSize, programUnit } = flash;

    expect({ size, sectorSize, programUnit }).toEqual(SMALL);
    expect(bytesOf(flash, 0, 256)).toEqual(new Uint8Array(256).fill(0xff));
  });

  test('keeps what was programmed, and an erase sets one sector to ones', () => {
    const flash = make({ geometry: SMALL });

    expect(flash.program(0, unit(0x12))).toBe(flashStatus.ok);
    expect(flash.program(64, filled(32, 0x34))).toBe(flashStatus.ok);
    expect(flash.erase(0)).toBe(flashStatus.ok);
    flash.sync();

    expect(bytesOf(flash, 0, 64)).toEqual(new Uint8Array(64).fill(0xff));
    expect(bytesOf(flash, 64, 32)).toEqual(new Uint8Array(32).fill(0x34));
  });

  test('takes 256 bytes at once and gives 4096', () => {
    const flash = make({ geometry: WIDE });

    expect(flash.program(0, filled(256, 0))).toBe(flashStatus.ok);
    expect(status(() => flash.program(256, filled(272, 0)))).toBe(flashStatus.refused);
    expect(flash.read(0, 4096).byteLength).toBe(4096);
    expect(() => flash.read(0, 4097)).toThrow(RangeError);
  });

  test.each<[string, (flash: FlashDevice) => number]>([
    ['a unit programmed before', (flash) => flash.program(0, unit(0x0f))],
    ['a unit programmed before, with the same bytes', (flash) => flash.program(0, unit(0xf0))],
    ['units of which one was programmed', (flash) => flash.program(16, filled(32, 0))],
    ['an offset between units', (flash) => flash.program(72, unit(0))],
    ['half a unit', (flash) => flash.program(64, filled(8, 0))],
    ['nothing at all', (flash) => flash.program(64, filled(0, 0))],
    ['the end of a sector', (flash) => flash.program(112, filled(32, 0))],
    ['the end of the part', (flash) => flash.program(256, unit(0))],
    ['a place before the part', (flash) => flash.program(-16, unit(0))],
    ['no place at all', (flash) => flash.program(Number.NaN, unit(0))],
    ['an erase within a sector', (flash) => flash.erase(16)],
    ['an erase behind the part', (flash) => flash.erase(256)],
    ['an erase before the part', (flash) => flash.erase(-64)],
  ])('refuses %s and changes nothing', (_, call) => {
    const flash = make({ geometry: SMALL });
    flash.program(0, unit(0xf0));
    flash.program(32, unit(0xf0));
    const before = flash.contents();

    expect(status(() => call(flash))).toBe(flashStatus.refused);

    expect(flash.contents()).toEqual(before);
    expect(flash.counters).toMatchObject({ programs: 2, erases: 0 });
  });

  test('refuses to set bits that rotted away in a blank unit', () => {
    const flash = make({ geometry: SMALL });
    flash.damage(0, Uint8Array.of(0xfe));

    expect(status(() => flash.program(0, unit(0x01)))).toBe(flashStatus.refused);
    expect(flash.program(0, unit(0xf0))).toBe(flashStatus.ok);
  });

  test.each([
    [250, 16],
    [-1, 4],
    [0, -4],
    [0.5, 4],
  ])('does not read at %d for %d bytes', (offset, length) => {
    const flash = make({ geometry: SMALL });

    expect(() => flash.read(offset, length)).toThrow(RangeError);
  });

  test('counts what is done and how often a sector was erased', () => {
    const flash = make({ geometry: SMALL });

    flash.program(0, filled(32, 0));
    flash.erase(0);
    flash.erase(0);
    flash.erase(192);
    flash.sync();
    flash.read(60, 10);
    status(() => flash.program(1, unit(0)));

    expect(flash.counters).toEqual({
      ...{ reads: 1, bytesRead: 10, programs: 1, bytesProgrammed: 32, erases: 3 },
      ...{ syncs: 1, refused: 1, failed: 0, cuts: 0 },
    });
    expect(flash.wear).toEqual([2, 0, 0, 1]);
  });

  test('counts in each sector what was done there', () => {
    const flash = make({ geometry: SMALL });

    flash.program(0, filled(32, 0));
    flash.erase(64);
    flash.read(60, 10);

    const counts = [0, 1, 2].map((sector) => Object.values(flash.sectorCounters(sector)).join(' '));
    expect(counts).toEqual(['1 4 1 32 0', '1 6 0 0 1', '0 0 0 0 0']);
    expect(() => flash.sectorCounters(4)).toThrow(RangeError);
  });

  test('a worn-out sector is not erased any more', () => {
    const flash = make({ geometry: SMALL, endurance: 2 });
    flash.erase(64);
    flash.erase(64);
    flash.program(64, unit(0x55));

    expect(flash.erase(64)).toBe(flashStatus.eraseFailed);

    expect(bytesOf(flash, 64, 1)).toEqual(Uint8Array.of(0x55));
    expect(flash.erase(0)).toBe(flashStatus.ok);
  });

  test('gives copies: what was read or programmed does not follow later changes', () => {
    const flash = make({ geometry: SMALL });
    const data = unit(0x11);
    flash.program(0, data);
    const read = bytesOf(flash, 0, 1);

    new Uint8Array(data).fill(0x22);
    read.fill(0x33);
    flash.contents().fill(0x44);

    expect(bytesOf(flash, 0, 1)).toEqual(Uint8Array.of(0x11));
  });
});

describe.each(implementations)('%s flash that loses power', (_, make) => {
  test('in a program keeps the first bytes and leaves the rest', () => {
    for (let tornBytes = 0; tornBytes <= 33; tornBytes += 1) {
      const flash = make({ geometry: SMALL });
      flash.losePowerAfter(1, { tornBytes });
      flash.program(64, unit(0x77));

      expect(() => flash.program(0, filled(32, 0))).toThrow(PowerLost);
      flash.restorePower();

      const changed = Math.min(tornBytes, 32);
      const expected = new Uint8Array(32).fill(0xff).fill(0, 0, changed);
      expect(bytesOf(flash, 0, 32)).toEqual(expected);
      expect(bytesOf(flash, 64, 16)).toEqual(new Uint8Array(16).fill(0x77));
    }
  });

  test('in an erase sets the first bytes to ones and leaves the rest', () => {
    const flash = make({ geometry: SMALL });
    flash.program(0, filled(64, 0));
    flash.losePowerAfter(0, { tornBytes: 20 });

    expect(() => flash.erase(0)).toThrow(PowerLost);
    flash.restorePower();

    expect(bytesOf(flash, 0, 64)).toEqual(new Uint8Array(64).fill(0).fill(0xff, 0, 20));
  });

  test('takes no program where an operation was cut, before an erase', () => {
    const flash = make({ geometry: SMALL });
    flash.losePowerAfter(0, { tornBytes: 0 });
    expect(() => flash.program(0, unit(0))).toThrow(PowerLost); // began, and changed nothing
    flash.restorePower();

    expect(status(() => flash.program(0, unit(0)))).toBe(flashStatus.refused);

    flash.erase(0);
    expect(flash.program(0, unit(0))).toBe(flashStatus.ok);
  });

  test('throws at every call and changes nothing until power is back', () => {
    const flash = make({ geometry: SMALL });
    flash.losePowerAfter(0);
    expect(() => flash.erase(0)).toThrow(PowerLost);
    const before = flash.contents();

    expect(flash.isPowered).toBe(false);
    for (const call of [
      () => flash.read(0, 1),
      () => flash.program(64, unit(0)),
      () => flash.erase(64),
      () => flash.sync(),
    ])
      expect(call).toThrow(PowerLost);

    expect(flash.contents()).toEqual(before);
    flash.restorePower();
    expect(flash.program(64, unit(0))).toBe(flashStatus.ok);
  });

  test('may lose what was not synced, all of it and nothing else', () => {
    const flash = make({ geometry: SMALL });
    flash.losePowerAfter(3, { unsynced: 'lost', tornBytes: 16 });
    flash.program(0, unit(1));
    flash.sync();
    flash.program(16, unit(2));
    flash.program(32, unit(3));

    expect(() => flash.program(48, unit(4))).toThrow(PowerLost);
    flash.restorePower();

    expect(bytesOf(flash, 0, 64)).toEqual(new Uint8Array(64).fill(0xff).fill(1, 0, 16));
    expect(flash.program(16, unit(5))).toBe(flashStatus.ok);
  });

  test('keeps a cut armed over a restart that came before it', () => {
    const flash = make({ geometry: SMALL });
    flash.losePowerAfter(1);
    flash.restorePower();

    flash.program(0, unit(0));

    expect(() => flash.program(16, unit(0))).toThrow(PowerLost);
  });
});

/** What the chip is, in the fewest words: bytes, and which units are spent. */
class Model {
  readonly bytes = new Uint8Array(SMALL.size).fill(0xff);
  readonly spent = new Set<number>();

  program(offset: number, data: Uint8Array): number {
    const units = Array.from({ length: data.length / 16 }, (_, at) => offset / 16 + at);
    const isSound =
      units.length > 0 &&
      units.every(Number.isInteger) &&
      units.every((at) => at >= 0 && at < 16 && !this.spent.has(at)) &&
      new Set(units.map((at) => Math.floor(at / 4))).size === 1;
    if (!isSound) return flashStatus.refused;
    for (const at of units) this.spent.add(at);
    this.bytes.set(data, offset);
    return flashStatus.ok;
  }

  erase(offset: number): number {
    if (![0, 64, 128, 192].includes(offset)) return flashStatus.refused;
    this.bytes.fill(0xff, offset, offset + 64);
    for (let at = offset / 16; at < offset / 16 + 4; at += 1) this.spent.delete(at);
    return flashStatus.ok;
  }
}

const operation = fc.oneof(
  fc.record({
    kind: fc.constant('program' as const),
    offset: fc.oneof(
      fc.integer({ min: -1, max: 17 }).map((at) => at * 16),
      fc.integer({ min: -20, max: 300 }),
    ),
    data: fc.oneof(
      fc
        .integer({ min: 0, max: 5 })
        .chain((n) => fc.uint8Array({ minLength: n * 16, maxLength: n * 16 })),
      fc.uint8Array({ maxLength: 80 }),
    ),
  }),
  fc.record({
    kind: fc.constant('erase' as const),
    offset: fc.oneof(
      fc.integer({ min: -1, max: 5 }).map((at) => at * 64),
      fc.integer(),
    ),
  }),
);

test('whatever is asked of it, a flash answers and holds what the model does', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
      const flash = createMemoryFlash({ geometry: SMALL });
      const model = new Model();

      for (const asked of operations) {
        if (asked.kind === 'erase') {
          expect(flash.erase(asked.offset)).toBe(model.erase(asked.offset));
        } else {
          const data = new Uint8Array(asked.data);
          expect(flash.program(asked.offset, data.buffer)).toBe(model.program(asked.offset, data));
        }
        expect(flash.contents()).toEqual(model.bytes);
      }
    }),
    { numRuns: 500 },
  );
});

test('cut anywhere, a flash holds what it held before, and a part of the operation that was cut', () => {
  fc.assert(
    fc.property(
      fc.array(operation, { minLength: 1, maxLength: 20 }),
      fc.nat(10),
      fc.nat(70),
      (operations, after, tornBytes) => {
        const cut = createMemoryFlash({ geometry: SMALL });
        const whole = createMemoryFlash({ geometry: SMALL });
        cut.losePowerAfter(after, { tornBytes });

        let before = whole.contents();
        for (const asked of operations) {
          before = whole.contents();
          perform(whole, asked);
          if (!survives(() => perform(cut, asked))) break;
          expect(cut.digest()).toBe(whole.digest());
        }

        const done = whole.contents();
        const found = cut.contents();
        expect(found.every((value, at) => value === before[at] || value === done[at])).toBe(true);
        const firstOld = found.findIndex((value, at) => value !== done[at]);
        const lastNew = found.findLastIndex((value, at) => value !== before[at]);
        if (firstOld >= 0) expect(lastNew).toBeLessThan(firstOld); // torn once, at a byte
      },
    ),
    { numRuns: 300 },
  );
});

function perform(
  flash: FlashDevice,
  asked: { kind: 'erase'; offset: number } | { kind: 'program'; offset: number; data: Uint8Array },
): void {
  if (asked.kind === 'erase') flash.erase(asked.offset);
  else flash.program(asked.offset, new Uint8Array(asked.data).buffer);
}

test.each([
  { size: 100, sectorSize: 64, programUnit: 16 },
  { size: 128, sectorSize: 64, programUnit: 24 },
  { size: 0, sectorSize: 64, programUnit: 16 },
  { size: 4096, sectorSize: 2048, programUnit: 512 },
])('no chip has the sizes $size / $sectorSize / $programUnit', (geometry) => {
  expect(() => createMemoryFlash({ geometry })).toThrow(RangeError);
});
