/** Cuts by number: none forgotten, none twice, each the same whenever it is asked for (docs/flash-model.md). */

import { describe, expect, test } from 'vitest';
import { createMemoryFlash } from '#emulator/flash';
import { planCuts } from '#emulator/flash/cut-plan';
import { PowerLost } from '#emulator/power';
import { filled, SMALL, unit } from './flash-implementations.ts';

const places = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);

describe('a plan of cuts', () => {
  const trace = [
    { op: 'program', offset: 0, length: 32 },
    { op: 'erase', offset: 64, length: 64 },
  ] as const;

  test('has each mode at each place of each operation once', () => {
    const plan = planCuts(trace);

    const cuts = Array.from({ length: plan.count }, (_, number) => plan.at(number));

    expect(plan.count).toBe(6 * 32 - 1 + (6 * 64 - 1));
    const names = cuts.map(({ operations: at, cut }) => `${at} ${cut.tear} ${cut.tornBytes}`);
    expect(new Set(names).size).toBe(plan.count);
    expect(cuts.map(({ cut }) => cut.seed)).toEqual(places(0, plan.count - 1));
    for (const [index, { length }] of trace.entries())
      for (const [mode, first, last] of [
        ['prefix', 1, length],
        ['suffix', 1, length - 1],
        ['tornByte', 0, length - 1],
        ['bitSubset', 1, length - 1],
        ['marginal', 0, length - 1],
        ['weak', 0, length - 1],
        ['phantom', 0, 0],
      ] as const)
        expect(
          cuts
            .filter(({ operations: at, cut }) => at === index && cut.tear === mode)
            .map(({ cut }) => cut.tornBytes),
        ).toEqual(places(first, last));
  });

  test('keeps to the modes that are asked for', () => {
    expect(planCuts(trace, ['phantom', 'prefix']).count).toBe(2 + 32 + 64);
    expect(planCuts([]).count).toBe(0);
  });

  test.each([-1, 574, 0.5])('has no cut %d', (number) => {
    expect(() => planCuts(trace).at(number)).toThrow(RangeError);
  });

  test('is replayed by one number: the trace of a run, cut again at any of them', () => {
    const flash = createMemoryFlash({ geometry: SMALL });
    const run = (): void => {
      flash.program(16, unit(0x0f));
      flash.erase(64);
      flash.program(64, filled(48, 0x96));
    };
    flash.program(64, filled(64, 0x69));
    const before = flash.snapshot();
    const tracing = flash.traceOperations();
    run();
    tracing[Symbol.dispose]();
    const plan = planCuts(tracing.operations);
    const replay = (number: number): string => {
      const { operations: at, cut } = plan.at(number);
      flash.restore(before);
      flash.losePowerAfter(at, cut);
      expect(run).toThrow(PowerLost);
      return flash.digest();
    };

    const images = places(0, plan.count - 1).map(replay);

    expect(images.map((_, number) => replay(number))).toEqual(images);
    expect(new Set(images).size).toBeGreaterThan(plan.count / 2);
    expect(flash.counters.cuts).toBe(2 * plan.count);
  });
});
