/** The fuzzer is not blind, and a short run of it finds nothing (`npm run fuzz` makes the long ones; docs/fuzz.md). */

import { beforeAll, describe, expect, test } from 'vitest';
import type { Change } from '#test/support/changed-code';
import { type InstrumentedBundle, instrumentedBundle } from './engine/bundle.ts';
import { type LoopReport, runLoop } from './engine/loop.ts';
import { type Loaded, loadTargets } from './run/load.ts';
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
    bundle = await instrumentedBundle(toy, { isMeant: (path) => path === toy });
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

describe('a short run', () => {
  const SEED = 1;
  const EXECUTIONS = 150;
  const SLOW_ONES = 30;
  let loaded: Loaded;

  beforeAll(async () => {
    loaded = await loadTargets();
  });

  test('of every target finds nothing', async () => {
    const { bundle, targets } = loaded;
    const reports: LoopReport[] = [];
    for (const target of targets) {
      const executions = target.share < 0.1 ? SLOW_ONES : EXECUTIONS;
      reports.push(await runLoop({ bundle, target, seed: SEED, executions }));
    }

    expect(reports.flatMap(({ findings }) => findings)).toEqual([]);
    expect(reports.filter(({ branches }) => branches === 0)).toEqual([]);
    expect(reports.length).toBeGreaterThan(35);
  }, 300_000);
});

/** Defects of real decoders, all planted at once; each target has its own. */
const planted: readonly (Change & { readonly target: string })[] = [
  {
    target: 'frames',
    file: 'protocol/frame.ts',
    from: 'crc === crc32(data, bodySize) ?',
    to: 'crc + 1 > 0 ?',
  },
  {
    target: 'messages',
    file: 'protocol/message.ts',
    from: 'fragment.index === parts.length',
    to: 'fragment.index >= parts.length',
  },
  {
    target: 'document indicium',
    file: 'protocol/fields.ts',
    from: 'if (byte >= 2 ** names.length)',
    to: 'if (byte >= 4 * 2 ** names.length)',
  },
  {
    target: 'records',
    file: 'protocol/record.ts',
    from: 'if (plaintext === undefined) end();',
    to: 'if (plaintext === undefined) receiving.advance();',
  },
  {
    target: 'usb/ip',
    file: 'emulator/usb/urb-queue.ts',
    from: 'answer.subarray(0, urb.length)',
    to: 'answer',
  },
  {
    target: 'printer answers',
    file: 'driver/print/printer-answers.ts',
    from: 'if (begins && rest.length < CONFIRMATION_SIZE) break;',
    to: '',
  },
  {
    target: 'pending journal',
    file: 'driver/pending.ts',
    from: 'isStep(value) && entries.take(value)',
    to: 'entries.take(value as Step)',
  },
];

describe('a decoder with a defect is found out', () => {
  let bundle: InstrumentedBundle;
  let targets: readonly Target[];

  beforeAll(async () => {
    bundle = await instrumentedBundle('test/fuzz/targets.ts', { changes: planted });
    targets = bundle.exports['targets'] as readonly Target[];
  });

  test.each(planted)(
    '$target: $to',
    async ({ target: name }) => {
      const target = targets.find((one) => one.name === name) as Target;

      const { findings } = await runLoop({
        bundle,
        target,
        seed: 1,
        executions: 6_000,
        findingsMax: 1,
      });

      expect(findings).not.toEqual([]);
    },
    120_000,
  );
});
