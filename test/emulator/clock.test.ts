/** The clocks of a board (requirements.md H1, H4). */

import { expect, test } from 'vitest';
import { createManualClock, createSystemClock } from '#emulator/clock';

test('a manual clock stands still unless it is moved', () => {
  const clock = createManualClock(1_000);

  clock.advance(250);

  expect([clock.nowMs(), clock.monotonicMs()]).toEqual([1_250, 250]);
});

test('the time of day can be set back; the time since power-up never goes back', () => {
  const clock = createManualClock(5_000);
  clock.advance(100);

  clock.set(1_000);

  expect([clock.nowMs(), clock.monotonicMs()]).toEqual([1_000, 100]);
});

test('a clock that was never set, or lost its battery, has no time of day until it is set', () => {
  const clock = createManualClock();
  clock.advance(100);
  expect(clock.nowMs()).toBe(0);

  clock.set(9_000);
  clock.advance(100);
  expect(clock.nowMs()).toBe(9_100);

  clock.loseTrust();
  clock.advance(100);
  expect([clock.nowMs(), clock.monotonicMs()]).toEqual([0, 300]);
});

test.each([-1, 0.5, Number.NaN])('time is moved by whole milliseconds, not by %d', (durationMs) => {
  const clock = createManualClock(1);

  expect(() => clock.advance(durationMs)).toThrow(RangeError);
  expect(() => clock.set(durationMs)).toThrow(RangeError);
});

test('the clock of this computer gives whole milliseconds', () => {
  const clock = createSystemClock();

  expect(clock.nowMs()).toSatisfy(Number.isSafeInteger);
  expect(clock.monotonicMs()).toSatisfy(Number.isSafeInteger);
});

test('the clock of this computer can be set, and tells how far it is ahead from then on', () => {
  const kept: number[] = [];
  const clock = createSystemClock(0, (offsetMs) => kept.push(offsetMs));
  const before = clock.nowMs();

  clock.set(before + 3_600_000);

  expect(clock.nowMs() - before).toBeGreaterThanOrEqual(3_600_000);
  expect(kept).toHaveLength(1);
  const again = createSystemClock(kept[0] as number);
  expect(again.nowMs() - clock.nowMs()).toSatisfy((late: number) => late >= 0 && late < 60_000);
  expect(() => clock.set(0.5)).toThrow(RangeError);
  expect(kept).toHaveLength(1);
});
