/** The secure clock over whatever its oscillator, its battery and somebody's hands do to it (requirements.md A8; domain.md R27). */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '#emulator/clock';
import { createSecureClock, driftMsMax, type SecureClock } from '#firmware/secure-clock';
import type { Clock } from '#hw/hardware';

const START_MS = Date.UTC(2026, 2, 1);

/** Hardware whose time and ticks a test moves apart. */
function hardware(timeMs = START_MS) {
  let nowMs = timeMs;
  let ticksMs = 0;
  const clock: Clock = {
    nowMs: () => nowMs,
    ticksMs: () => ticksMs,
    set: (to) => {
      nowMs = to;
    },
  };
  const run = (ticks: number, time = ticks): void => {
    ticksMs += ticks;
    if (nowMs !== 0) nowMs += time;
  };
  return { clock, run, jump: clock.set };
}

const started = (timeMs?: number, lastMs = 0, hasFault = false) => {
  const { clock, ...hands } = hardware(timeMs);
  return { ...hands, secure: createSecureClock(clock, () => lastMs, hasFault) };
};
const told = (secure: SecureClock) => [secure.nowMs(), secure.faultMs];

describe('a clock is believed', () => {
  test('as it runs', () => {
    const { run, secure } = started();

    run(86_400_000);

    expect(told(secure)).toEqual([START_MS + 86_400_000, undefined]);
  });

  test.each([
    ['two seconds ahead', 0, 2_000],
    ['two seconds behind', 10_000, 8_000],
    ['one part in a thousand ahead', 1_000_000, 1_003_000],
    ['one part in a thousand behind', 1_000_000, 997_000],
  ])('%s of the ticks', (_name, ticks, time) => {
    const { run, secure } = started();

    run(ticks, time);

    expect(told(secure)).toEqual([START_MS + time, undefined]);
  });

  test('at the very time of the last record', () => {
    expect(told(started(START_MS, START_MS).secure)).toEqual([START_MS, undefined]);
  });

  test('again where its battery was lost for a moment and the time is right', () => {
    const { jump, run, secure } = started();
    jump(0);
    expect(told(secure)).toEqual([0, undefined]);
    run(1_000);
    jump(START_MS + 1_000);

    expect(told(secure)).toEqual([START_MS + 1_000, undefined]);
  });
});

describe('a clock is not believed', () => {
  test.each([
    ['more than two seconds ahead', 0, 2_001],
    ['more than two seconds behind', 10_000, 7_989],
    ['more than one part in a thousand ahead', 1_000_000, 1_003_001],
    ['more than one part in a thousand behind', 1_000_000, 996_999],
    ['standing still', 10_000, 0],
    ['running backwards', 10_000, -10_000],
  ])('%s', (_name, ticks, time) => {
    const { run, secure } = started();

    run(ticks, time);

    expect(told(secure)).toEqual([0, START_MS + time]);
  });

  test('a millisecond behind the last record', () => {
    expect(told(started(START_MS, START_MS + 1).secure)).toEqual([0, START_MS]);
  });

  test('where a fault is on record, without a new one', () => {
    expect(told(started(START_MS, 0, true).secure)).toEqual([0, undefined]);
  });

  test('where it had no time at power-up and has one now: nobody was asked', () => {
    const { jump, secure } = started(0);
    expect(told(secure)).toEqual([0, undefined]);

    jump(START_MS);

    expect(told(secure)).toEqual([0, START_MS]);
  });

  test('any more, once it was wrong, though it be right again; the first wrong time is kept', () => {
    const { jump, secure } = started();
    jump(START_MS + 5_000);
    secure.nowMs();

    jump(START_MS);

    expect(told(secure)).toEqual([0, START_MS + 5_000]);
  });

  test('until it is set', () => {
    const { jump, run, secure } = started(START_MS, START_MS - 9);
    jump(START_MS + 5_000);
    secure.nowMs();

    secure.set(START_MS + 70_000);
    run(5);

    expect(told(secure)).toEqual([START_MS + 70_005, undefined]);
  });
});

test.each([
  [0, 60_000],
  [-5, 60_000],
  [9_999, 60_000],
  [10_000, 60_001],
  [86_400_000, 68_640],
])('after %i ms a clock may be moved by %i', (sinceSetMs, most) => {
  expect(driftMsMax(sinceSetMs)).toBe(most);
});

const anyEvent = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('run' as const), ms: fc.nat(100_000_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('drift' as const),
      ms: fc.integer({ min: -4_000, max: 4_000 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('jump' as const),
      ms: fc.integer({ min: -200_000_000, max: 200_000_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('battery' as const), ms: fc.constant(0) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('power' as const), ms: fc.nat(1_000_000_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('order' as const),
      ms: fc.integer({ min: 0, max: 200_000_000 }),
    }),
  },
);

test('whatever happens, the time that is told is never behind one that was on record, and runs with the ticks', () => {
  let believed = 0;
  let doubted = 0;
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
      const source = createManualClock(START_MS);
      let startMs = source.monotonicMs();
      const clock: Clock = {
        nowMs: source.nowMs,
        ticksMs: () => source.monotonicMs() - startMs,
        set: source.set,
      };
      let lastMs = 0; // as the journal: every answer is stamped with the time
      let hasFault = false;
      let anchor: { readonly timeMs: number; readonly ticksMs: number } | undefined;
      const powerOn = (): SecureClock => {
        startMs = source.monotonicMs();
        anchor = undefined;
        return createSecureClock(clock, () => lastMs, hasFault);
      };
      let secure = powerOn();
      for (const event of events) {
        const nowMs = source.nowMs();
        if (event.do === 'run') source.advance(event.ms);
        if ((event.do === 'drift' || event.do === 'jump') && nowMs !== 0)
          source.set(Math.max(1, nowMs + event.ms));
        if (event.do === 'battery') source.loseTrust();
        if (event.do === 'power') {
          source.advance(event.ms);
          secure = powerOn();
        }
        if (event.do === 'order') {
          lastMs += event.ms;
          secure.set(Math.max(1, lastMs));
          hasFault = false;
          anchor = undefined;
        }

        const timeMs = secure.nowMs();

        if (secure.faultMs !== undefined) hasFault = true;
        if (timeMs === 0) {
          doubted += 1;
          continue;
        }
        believed += 1;
        expect(hasFault).toBe(false);
        expect(timeMs).toBe(source.nowMs());
        expect(timeMs).toBeGreaterThanOrEqual(lastMs);
        const ticksMs = clock.ticksMs();
        anchor ??= { timeMs, ticksMs };
        const passed = ticksMs - anchor.ticksMs;
        const apart = Math.abs(timeMs - anchor.timeMs - passed);
        expect(apart).toBeLessThanOrEqual(2 * (2_000 + ticksMs / 1_000));
        lastMs = timeMs;
      }
    }),
    { numRuns: 300 },
  );
  expect(believed).toBeGreaterThan(300);
  expect(doubted).toBeGreaterThan(300);
});
