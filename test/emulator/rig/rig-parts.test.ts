/** What a rig moves: clock, noise, surroundings (requirements.md H4). */

import { describe, expect, test } from 'vitest';
import { createSeededEntropy } from '#emulator/entropy';
import { createEnvironment, environmentLimits, type Surroundings } from '#emulator/environment';
import { createRigClock } from '#emulator/rig/rig-clock';
import { createRigEntropy, type EntropyFault } from '#emulator/rig/rig-entropy';
import { createTamperContact } from '#emulator/tamper';

describe('a clock', () => {
  const START = { timeMs: 1_000_000, elapsedMs: 500, isRunning: false, driftPpm: 0 };

  function clockAt(changes: Partial<typeof START> = {}) {
    let computerMs = 42.5;
    const kept: number[] = [];
    const clock = createRigClock(
      { ...START, ...changes },
      (timeMs) => kept.push(timeMs),
      () => computerMs,
    );
    const pass = (durationMs: number): void => {
      computerMs += durationMs;
    };
    return { clock, pass, kept };
  }

  test('that stands still moves by what it is told alone', () => {
    const { clock, pass, kept } = clockAt();

    pass(5_000);
    clock.advance(250);

    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([1_000_250, 750]);
    expect(kept).toEqual([1_000_250]);
  });

  test.each([
    [0, 10_000],
    [50_000, 10_500],
    [-100_000, 9_000],
  ])('that drifts by %i ppm counts ten seconds as %i ms', (driftPpm, counted) => {
    const { clock, pass } = clockAt({ isRunning: true });

    clock.drift(driftPpm);
    pass(10_000);

    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([1_000_000 + counted, 500 + counted]);
  });

  test('that is set jumps, and what has passed does not', () => {
    const { clock, kept } = clockAt();

    clock.set(9_000_000);

    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([9_000_000, 500]);
    expect(kept).toEqual([9_000_000]);
  });

  test('without its battery has no time of day until it is set', () => {
    const { clock } = clockAt();

    clock.loseTrust();
    clock.advance(1_000);
    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([0, 1_500]);

    clock.set(7);
    clock.advance(1);
    expect(clock.nowMs()).toBe(8);
  });

  test('goes on from a state', () => {
    const { clock, pass } = clockAt({ isRunning: true });
    pass(300);
    const { state } = clock;
    pass(10_000);

    clock.restore(state);

    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([1_000_300, 800]);
  });

  test.each([1.5, 100_001, -100_001, Number.NaN])('does not drift by %s', (ppm) => {
    expect(() => clockAt().clock.drift(ppm)).toThrow(RangeError);
  });
});

describe('noise', () => {
  const bytes = (source: { read(length: number): ArrayBuffer }, length: number): number[] => [
    ...new Uint8Array(source.read(length)),
  ];

  test('goes on from any place of it', () => {
    const whole = bytes(createSeededEntropy(9), 40);

    for (let position = 0; position <= whole.length; position += 1)
      expect(bytes(createSeededEntropy(9, position), whole.length - position)).toEqual(
        whole.slice(position),
      );
  });

  test.each<[EntropyFault, (read: number[]) => void]>([
    [{ kind: 'stuck', value: 7 }, (read) => expect(new Set(read)).toEqual(new Set([7]))],
    [{ kind: 'short', bytes: 3 }, (read) => expect(read).toHaveLength(3)],
    [{ kind: 'short', bytes: 0 }, (read) => expect(read).toHaveLength(0)],
    [{ kind: 'biased', onesOf256: 256 }, (read) => expect(new Set(read)).toEqual(new Set([255]))],
    [{ kind: 'biased', onesOf256: 0 }, (read) => expect(new Set(read)).toEqual(new Set([0]))],
  ])('with the fault %o', (fault, judge) => {
    const noise = createRigEntropy({ seed: 3, position: 0, fault });

    judge(bytes(noise, 64));

    noise.break(undefined);
    expect(new Set(bytes(noise, 64)).size).toBeGreaterThan(40);
  });

  test('that leans is repeated from its state', () => {
    const fault = { kind: 'biased', onesOf256: 200 } as const;
    const noise = createRigEntropy({ seed: 3, position: 5, fault });
    bytes(noise, 11);
    const { state } = noise;
    const next = bytes(noise, 32);

    noise.break(undefined);
    noise.restore(state);

    expect(bytes(noise, 32)).toEqual(next);
  });
});

describe('surroundings', () => {
  const { temperatureMilliC: heat, supplyMillivolts: supply } = environmentLimits;

  test.each<[Partial<Surroundings>, boolean, boolean]>([
    [{ temperatureMilliC: heat.minimum }, false, true],
    [{ temperatureMilliC: heat.minimum - 1 }, true, true],
    [{ temperatureMilliC: heat.maximum }, false, true],
    [{ temperatureMilliC: heat.maximum + 1 }, true, true],
    [{ supplyMillivolts: supply.maximum }, false, true],
    [{ supplyMillivolts: supply.maximum + 1 }, true, true],
    [{ supplyMillivolts: supply.minimum }, false, true],
    [{ supplyMillivolts: supply.minimum - 1 }, false, false],
  ])('%o: tampered %s, runs %s', (changes, isTampered, canRun) => {
    const tamper = createTamperContact();
    let switchedOff = 0;
    const environment = createEnvironment(tamper, () => {
      switchedOff += 1;
    });

    environment.set(changes);

    expect([tamper.isTriggered, environment.canRun, switchedOff]).toEqual([
      isTampered,
      canRun,
      canRun ? 0 : 1,
    ]);
  });
});
