/** The security log under power cuts: a record and what it tells of are one transaction (domain.md R5, R45; docs/flash.md). */

import { describe, expect, test } from 'vitest';
import { planCuts } from '#emulator/flash/cut-plan';
import { PowerLost } from '#emulator/power';
import { lenientFlash, smallFlash } from '#test/support/firmware-flash';
import {
  acknowledgeTo,
  counting,
  countOf,
  filled,
  note,
  numbers,
  positionAt,
  powerUpKept,
} from '#test/support/log-use';
import { seededRandom } from '#test/support/seeded-random';

/** Records before it: none, some, the last of a sector, and where a sector with acknowledged records is erased. */
const places: readonly [string, number, number][] = [
  ['the first', 0, 0],
  ['in the middle of a sector', 5, 0],
  ['at the end of a sector', 63, 0],
  ['in the next sector', 64, 0],
  ['where the area begins again', 192, 70],
];

test.each(places)(
  'a record %s: all of it happened, or nothing, at every power-up from then on',
  (_name, before, acknowledged) => {
    const random = seededRandom(`cuts ${before}`);
    const below = (bound: number) => new DataView(random(4).buffer).getUint32(0) % bound;
    const { kept: first, flash } = filled(before, lenientFlash()); // what looks blank and is spent is refused, and passed over
    acknowledgeTo(first, acknowledged);
    const since = positionAt(first, acknowledged);
    const start = flash.snapshot();
    const traced = powerUpKept(flash);
    const trace = flash.traceOperations();
    note(traced, before + 1);
    const plan = planCuts(trace.operations);
    const rightBehind = {
      operations: trace.operations.length - 1,
      cut: { tornBytes: 256 },
    };
    const outcomes = new Map<boolean, number>();

    for (let sample = 0; sample < 100; sample++) {
      const { operations, cut } = sample % 10 === 0 ? rightBehind : plan.at(below(plan.count));
      flash.restore(start);
      const live = powerUpKept(flash);
      flash.losePowerAfter(operations, cut);
      expect(() => note(live, before + 1)).toThrow(PowerLost);

      flash.restorePower();
      const found = powerUpKept(flash);
      const isDone = countOf(found) === before + 1;
      const said = counting(acknowledged + 1, before + (isDone ? 1 : 0));
      expect(numbers(found, since)).toEqual(said);
      outcomes.set(isDone, (outcomes.get(isDone) ?? 0) + 1);
      flash.reseed(sample); // weak bits read otherwise
      expect(numbers(powerUpKept(flash), since)).toEqual(said);
      note(powerUpKept(flash), 7_777);
      expect(numbers(powerUpKept(flash), since)).toEqual([...said, 7_777]);
    }

    expect(outcomes.get(true)).toBeGreaterThanOrEqual(10);
    expect(outcomes.get(false)).toBeGreaterThan(30);
  },
);

describe('a cut', () => {
  test('before a record was named, again and again: orphans with its number count for nothing', () => {
    const { flash } = filled(3);

    for (let cut = 0; cut < 20; cut++) {
      const live = powerUpKept(flash);
      flash.losePowerAfter(1, { tornBytes: 0 }); // the log record is whole, the state record is not there
      expect(() => note(live, 100 + cut)).toThrow(PowerLost);
      flash.restorePower();
    }

    const kept = powerUpKept(flash);
    expect(numbers(kept)).toEqual([1, 2, 3]);
    note(kept, 4);
    expect(numbers(powerUpKept(flash))).toEqual([1, 2, 3, 4]);
  });

  test.each([
    ['in the same sector', 3],
    ['in the next sector', 63],
  ])('that left the same record weak, %s: the one that is whole is told', (_name, before) => {
    for (let byte = 0; byte < 64; byte += 3) {
      const { flash } = filled(before, lenientFlash());
      const live = powerUpKept(flash);
      flash.losePowerAfter(before === 63 ? 1 : 0, { tear: 'weak', tornBytes: byte, seed: byte });
      expect(() => note(live, before + 1)).toThrow(PowerLost);
      flash.restorePower();
      note(powerUpKept(flash), before + 1);

      for (let boot = 0; boot < 4; boot++) {
        flash.reseed(boot);
        expect([byte, numbers(powerUpKept(flash))]).toEqual([byte, counting(1, before + 1)]);
      }
    }
  });

  test.each([
    ['twice in a row: no place is programmed twice', 2, smallFlash],
    ['more often: the chip refuses a place, and the next one is taken', 9, lenientFlash],
  ])('that changed nothing, %s', (_name, cuts, part) => {
    const { flash } = filled(3, part());

    for (let cut = 0; cut < cuts; cut++) {
      const live = powerUpKept(flash);
      flash.losePowerAfter(0, { tear: 'phantom' });
      expect(() => note(live, 4)).toThrow(PowerLost);
      flash.restorePower();
    }

    expect(note(powerUpKept(flash), 4)).toBe(4);
    expect(numbers(powerUpKept(flash))).toEqual([1, 2, 3, 4]);
  });
});
