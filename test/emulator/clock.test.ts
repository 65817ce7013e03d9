/** The clocks of a board (requirements.md H1, H4). */

import { expect, test } from 'vitest';
import { createManualClock, systemClock } from '#emulator/clock';

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
  expect(systemClock.nowMs()).toSatisfy(Number.isSafeInteger);
  expect(systemClock.monotonicMs()).toSatisfy(Number.isSafeInteger);
});
