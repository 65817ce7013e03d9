/**
 * The security log in flash: what was written down stays, in its order, and nothing else is in it, whatever power does
 * (requirements.md A9, G6; domain.md R45, R46; docs/flash.md).
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMemoryFlash } from '#emulator/flash';
import { tearModes } from '#emulator/flash/tear';
import { PowerLost } from '#emulator/power';
import { LOG_RESERVE } from '#firmware/security-log';
import { EMPTY_LOG, type LogPosition } from '#protocol/documents/security-log';
import { lenientFlash, smallFlash } from '#test/support/firmware-flash';
import { LOG_OFFSET } from '#test/support/journal-forgery';
import {
  acknowledgeTo,
  chainedRecords,
  counting,
  countOf,
  filled,
  freeOf,
  LOG_PLACES,
  note,
  numbers,
  positionAt,
  powerUpKept,
} from '#test/support/log-use';

const PLACE = 64;
const SECTOR = 4096;
const LOG_END = LOG_OFFSET + 3 * SECTOR;

describe('records', () => {
  test('are there in their order, also after power-up, each with what it says', () => {
    const { kept, flash } = filled(5);

    for (const each of [kept, powerUpKept(flash)]) {
      const records = chainedRecords(each);
      expect(
        records.map(({ count, event, timeMs, a, b, c }) => [count, event, timeMs, a, b, c]),
      ).toEqual(counting(1, 5).map((a) => [a, 'reprinted', 1_000 + a, a, 0, 0]));
    }
  });

  test('are read from a number on, as many as are wanted', () => {
    const { kept } = filled(9);
    const { state } = kept.journal;
    const log = { count: state.logCount, head: state.logHead, acknowledged: 0 };
    const read = (from: number, many: number) => {
      const part = kept.log.read(log, from, many);
      return [part.from, part.records.length / PLACE];
    };

    expect([
      read(1, 4),
      read(5, 100),
      read(9, 1),
      read(0, 2),
      read(10, 5),
      read(4_000_000_000, 5),
    ]).toEqual([
      [1, 4],
      [5, 5],
      [9, 1],
      [1, 2],
      [10, 0],
      [4_000_000_000, 0],
    ]);
    expect(powerUpKept(smallFlash()).log.read({ ...EMPTY_LOG, acknowledged: 0 }, 1, 9)).toEqual({
      from: 1,
      records: new Uint8Array(0),
    });
  });

  test('fill every place of the area and no other, and then there is no room', () => {
    const { kept, flash } = filled(0);
    const before = flash.contents();

    expect(freeOf(kept)).toBeLessThanOrEqual(LOG_PLACES); // at least so many: not all sectors are counted yet
    for (let left = LOG_PLACES; left > 0; left--) {
      note(kept, LOG_PLACES - left + 1);
      expect(freeOf(kept)).toBe(left - 1);
    }

    expect(() => note(kept)).toThrow('flashFailed');
    expect(numbers(powerUpKept(flash))).toEqual(counting(1, LOG_PLACES));
    const contents = flash.contents();
    expect(contents.slice(0, LOG_OFFSET)).toEqual(before.slice(0, LOG_OFFSET));
  });
});

describe('places', () => {
  test('of records that are acknowledged are used again, many times round, each as often as the others', () => {
    const flash = smallFlash();
    let kept = powerUpKept(flash);
    let since: LogPosition = EMPTY_LOG;
    let written = 0;

    for (let round = 0; round < 60; round++) {
      for (let piece = 0; piece < 29; piece++) note(kept, ++written);
      expect(numbers(kept, since)).toEqual(counting(since.count + 1, written));
      since = positionAt(kept, written - 7);
      acknowledgeTo(kept, since.count);
      if (round % 5 === 4) kept = powerUpKept(flash);
    }

    expect(written).toBeGreaterThan(9 * LOG_PLACES);
    const wear = flash.wear.slice(LOG_OFFSET / SECTOR, LOG_END / SECTOR);
    expect(Math.max(...wear) - Math.min(...wear)).toBeLessThanOrEqual(1);
  });

  test('of records that are not acknowledged are never used again', () => {
    const { flash } = filled(LOG_PLACES);
    const area = flash.contents().slice(LOG_OFFSET, LOG_END);
    let kept = powerUpKept(flash);

    for (const acknowledged of [0, 1, 63, 64]) {
      acknowledgeTo(kept, acknowledged);
      expect(freeOf(kept)).toBe(0);
      expect(() => note(kept)).toThrow('flashFailed');
      kept = powerUpKept(flash);
      expect(() => note(kept)).toThrow('flashFailed');
    }

    expect(flash.contents().slice(LOG_OFFSET, LOG_END)).toEqual(area);
    acknowledgeTo(kept, 65); // the last one that is acknowledged stays: it proves the next one
    expect(freeOf(kept)).toBe(64);
    expect(note(kept, LOG_PLACES + 1)).toBe(LOG_PLACES + 1);
  });

  test('whatever is written, acknowledged, cut and started again: the log is whole, and no more is erased than was acknowledged', () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          do: fc.constant('note' as const),
          many: fc.integer({ min: 1, max: 40 }),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('acknowledge' as const),
          many: fc.integer({ min: 0, max: 80 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant('power' as const), many: fc.constant(0) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('cut' as const),
          many: fc.integer({ min: 0, max: 2 }),
          tornBytes: fc.integer({ min: 0, max: 256 }),
          tear: fc.constantFrom(...tearModes),
          seed: fc.nat(1_000_000),
        }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const flash = lenientFlash(); // cuts in a row may spend a place that is tried again
        let kept = powerUpKept(flash);
        const written: number[] = [];
        let since: LogPosition = EMPTY_LOG;
        for (const each of steps) {
          if (each.do === 'note')
            for (let piece = 0; piece < each.many && freeOf(kept) >= LOG_RESERVE; piece++) {
              written.push(written.length + 1);
              note(kept, written.length);
            }
          if (each.do === 'acknowledge') {
            since = positionAt(kept, Math.min(countOf(kept), since.count + each.many));
            acknowledgeTo(kept, since.count);
          }
          if (each.do === 'power') kept = powerUpKept(flash);
          if (each.do === 'cut' && freeOf(kept) >= LOG_RESERVE) {
            flash.losePowerAfter(each.many, each);
            expect(() => {
              note(kept, written.length + 1);
              note(kept, written.length + 2);
            }).toThrow(PowerLost);
            flash.restorePower();
            kept = powerUpKept(flash);
            while (written.length < countOf(kept)) written.push(written.length + 1);
          }

          expect(numbers(kept, since)).toEqual(written.slice(since.count));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('a worn part', () => {
  test('is written as long as a sector erases', () => {
    const geometry = { size: 13 * SECTOR, sectorSize: SECTOR, programUnit: 16 };
    const flash = createMemoryFlash({ geometry, endurance: 6, seed: 5 });
    let kept = powerUpKept(flash);
    let since: LogPosition = EMPTY_LOG;
    let written = 0;

    expect(() => {
      for (;;) {
        note(kept, ++written);
        if (written % 20 !== 0) continue;
        expect(numbers(kept, since)).toEqual(counting(since.count + 1, written));
        since = positionAt(kept, written);
        acknowledgeTo(kept, written);
        kept = powerUpKept(flash);
      }
    }).toThrow('flashFailed');

    expect(written).toBeGreaterThan(LOG_PLACES);
  });
});
