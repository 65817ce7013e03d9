/** The fuzzer is not blind, and a short run of it finds nothing (`npm run fuzz` makes the long ones; docs/fuzz.md). */

import { beforeAll, describe, expect, test } from 'vitest';
import { type InstrumentedBundle, instrumentedBundle } from './engine/bundle.ts';
import { type LoopReport, runLoop } from './engine/loop.ts';
import type { Target } from './target.ts';

describe('a defect behind a magic of four bytes and two lengths', () => {
  const EXECUTIONS = 20_000;
  let bundle: InstrumentedBundle;
  const run = (seed: number, isCompareGuided: boolean): Promise<LoopReport> => {
    const target = bundle.exports['toy'] as Target;
    return runLoop({ bundle, target, seed, executions: EXECUTIONS, isCompareGuided });
  };

  beforeAll(async () => {
    const toy = 'test/fuzz/toy.ts';
    bundle = await instrumentedBundle(toy, (path) => path === toy);
  });

  test.each([1, 2, 3])('is found by what is compared, seed %i', async (seed) => {
    const { findings } = await run(seed, true);

    expect(findings.map(({ what }) => what)).toEqual([
      'PropertyError: the planted defect is reached (hold)',
    ]);
  });

  test.each([1, 2, 3])('and is not found without, seed %i', async (seed) => {
    const { findings, executions } = await run(seed, false);

    expect(findings).toEqual([]);
    expect(executions).toBe(EXECUTIONS);
  });

  test('in the same way each time, as the seed says', async () => {
    const [once, again] = [await run(4, true), await run(4, true)];

    expect(again.corpus).toEqual(once.corpus);
    expect(again.findings).toEqual(once.findings);
  });
});
