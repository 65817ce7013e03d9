/** How a sector ends that was erased too often, in each of five ways (docs/flash-model.md; issue: wear failures). */

import { describe, expect, test } from 'vitest';
import type { FlashDevice, FlashOptions } from '#emulator/flash';
import { createMemoryFlash } from '#emulator/flash';
import { sectorLives, type WearFailure, wearFailures } from '#emulator/flash/wear';
import { PowerLost } from '#emulator/power';
import { flashStatus } from '#hw/flash';
import { bytesOf, filled, implementations, SMALL, status, unit } from './flash-implementations.ts';

const ENDURANCE = 3;
const { ok, programFailed, eraseFailed, refused } = flashStatus;
const HELD = new Uint8Array(64).fill(0xa5);

describe.each(implementations)('%s flash', (_, make) => {
  /** A part whose second sector took all erases that it stands and was programmed after the last one. */
  function old(wearFailure: WearFailure, options: FlashOptions = {}): FlashDevice {
    const flash = make({ geometry: SMALL, endurance: ENDURANCE, wearFailure, ...options });
    for (let erases = 0; erases < ENDURANCE; erases += 1) expect(flash.erase(64)).toBe(ok);
    expect(flash.program(64, filled(64, 0xa5))).toBe(ok);
    return flash;
  }

  test.each(wearFailures)(
    'that will fail as %s works until the last erase it stands',
    (failure) => {
      const flash = old(failure);

      expect(bytesOf(flash, 64, 64)).toEqual(HELD);
      expect(flash.wear).toEqual([0, ENDURANCE, 0, 0]);
    },
  );

  test.each(wearFailures)('that failed as %s does so in one sector only', (failure) => {
    const flash = old(failure);

    flash.erase(64);

    expect([flash.erase(0), flash.program(0, unit(0x12))]).toEqual([ok, ok]);
    expect(bytesOf(flash, 0, 16)).toEqual(new Uint8Array(16).fill(0x12));
    expect(bytesOf(flash, 128, 64)).toEqual(new Uint8Array(64).fill(0xff));
  });

  test('programFails: it erases, then programs say that they failed and leave some bits', () => {
    const flash = old('programFails');

    expect(flash.erase(64)).toBe(ok);
    expect(bytesOf(flash, 64, 64)).toEqual(new Uint8Array(64).fill(0xff));
    expect(flash.program(64, filled(48, 0x0f))).toBe(programFailed);

    const found = bytesOf(flash, 64, 48);
    expect(found.every((value) => (value & 0x0f) === 0x0f)).toBe(true);
    expect(found.some((value) => value !== 0x0f)).toBe(true);
    expect(found.some((value) => value !== 0xff)).toBe(true);
    expect(status(() => flash.program(64, unit(0)))).toBe(refused);
    expect(flash.counters).toMatchObject({ programs: 1, erases: ENDURANCE + 1, failed: 1 });
  });

  test('eraseFails: erases say that they failed and change nothing', () => {
    const flash = old('eraseFails');

    expect([flash.erase(64), flash.erase(64)]).toEqual([eraseFailed, eraseFailed]);

    expect(bytesOf(flash, 64, 64)).toEqual(HELD);
    expect(status(() => flash.program(64, unit(0)))).toBe(refused);
    expect(flash.counters).toMatchObject({ erases: ENDURANCE, failed: 2 });
  });

  test('readFails: it erases, then every read that touches it gives an empty buffer', () => {
    const flash = old('readFails');

    expect(flash.erase(64)).toBe(ok);
    expect(flash.program(64, unit(0x55))).toBe(ok);

    const sizes = [
      [64, 1],
      [127, 1],
      [60, 8],
      [0, 256],
      [0, 64],
      [128, 128],
    ] as const;
    expect(sizes.map(([offset, length]) => flash.read(offset, length).byteLength)).toEqual([
      0, 0, 0, 0, 64, 128,
    ]);
  });

  test('programDoesNothing: it erases, then programs say that all is well and change nothing', () => {
    const flash = old('programDoesNothing');

    expect(flash.erase(64)).toBe(ok);
    expect(flash.program(64, unit(0x55))).toBe(ok);

    expect(bytesOf(flash, 64, 64)).toEqual(new Uint8Array(64).fill(0xff));
    expect(status(() => flash.program(64, unit(0x55)))).toBe(refused);
  });

  test('eraseDoesNothing: erases say that all is well, and programs only clear bits of what is there', () => {
    const flash = old('eraseDoesNothing');

    expect(flash.erase(64)).toBe(ok);
    expect(bytesOf(flash, 64, 64)).toEqual(HELD);
    expect(flash.program(64, unit(0x5f))).toBe(ok);

    expect(bytesOf(flash, 64, 16)).toEqual(new Uint8Array(16).fill(0x05));
    expect(bytesOf(flash, 80, 48)).toEqual(HELD.subarray(16));
    expect(status(() => flash.program(64, unit(0)))).toBe(refused);
  });

  test.each(wearFailures)(
    'loses power in a sector that failed as %s, as in any other',
    (failure) => {
      const flash = old(failure);
      flash.erase(64);
      flash.losePowerAfter(0);

      expect(() => flash.erase(64)).toThrow(PowerLost);

      expect(flash.isPowered).toBe(false);
      expect(flash.counters.cuts).toBe(1);
    },
  );
});

describe('the lives of sectors', () => {
  test('have no end by default, and end with a failing erase where nothing else is said', () => {
    expect(sectorLives(2, 0, {})).toEqual(
      Array(2).fill({ endurance: Number.POSITIVE_INFINITY, failure: 'eraseFails' }),
    );
  });

  test('are as long as was said, and up to the spread longer', () => {
    const lives = sectorLives(2000, 1, { endurance: 100, enduranceSpread: 3 });

    const counts = [100, 101, 102, 103].map(
      (many) => lives.filter(({ endurance }) => endurance === many).length,
    );
    expect(counts.reduce((sum, many) => sum + many)).toBe(2000);
    for (const many of counts) expect(Math.abs(many - 500)).toBeLessThan(80);
  });

  test('end in any way where any is asked for, the same for the same seed', () => {
    const lives = (seed: number) => sectorLives(100, seed, { endurance: 5, wearFailure: 'any' });

    expect(new Set(lives(1).map(({ failure }) => failure))).toEqual(new Set(wearFailures));
    expect(lives(1)).toEqual(lives(1));
    expect(lives(1)).not.toEqual(lives(2));
  });

  test('the length of a life does not hang on how it ends', () => {
    const ends = (wearFailure: WearFailure | 'any') =>
      sectorLives(50, 3, { endurance: 5, enduranceSpread: 9, wearFailure }).map(
        ({ endurance }) => endurance,
      );

    expect(ends('any')).toEqual(ends('readFails'));
  });

  test.each([{ endurance: -1 }, { endurance: 1.5 }, { endurance: 1, enduranceSpread: -1 }])(
    'are never %o',
    (options) => {
      expect(() => createMemoryFlash({ geometry: SMALL, ...options })).toThrow(RangeError);
    },
  );
});
