/** The harness of the benchmarks measures what it says: fair order, medians, ratios within one round. */

import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SIGN_BASELINE, SYNC_BASELINE, signBaseline, syncBaseline } from '#bench/support/baselines';
import { type Candidate, compare } from '#bench/support/compare';
import { jsonLine, table } from '#bench/support/report';

/** A machine on which each operation takes what the round says, and which keeps the order of what ran. */
function machine() {
  let nowMs = 0;
  const order: string[] = [];
  const candidate = (name: string, costsMs: readonly number[], baseline?: string): Candidate => {
    let round = -1; // the warm-up
    return {
      name,
      ...(baseline === undefined ? {} : { baseline }),
      operations: 10,
      run(operations) {
        order.push(name);
        nowMs += operations * (costsMs[round] ?? 1);
        round += 1;
      },
    };
  };
  return { candidate, order, nowMs: () => nowMs };
}

test('the rate is the median of the rounds, the ratio that of the pairs in one round', async () => {
  const { candidate, nowMs } = machine();

  const found = await compare(
    3,
    [candidate('base', [1, 10, 2]), candidate('fast', [0.5, 2, 2], 'base')],
    nowMs,
  );

  expect(found).toEqual([
    { name: 'base', perSecond: 500 },
    { name: 'fast', perSecond: 500, baseline: 'base', ratio: 2, ratioMin: 1, ratioMax: 5 },
  ]);
});

test('rounds are interleaved, forth and back, after one round that does not count', async () => {
  const { candidate, order, nowMs } = machine();

  await compare(3, [candidate('a', []), candidate('b', [])], nowMs);

  expect(order.join('')).toBe('ab ab ba ab'.replaceAll(' ', ''));
});

test('what each operation took is told by its median and its 99th percentile, the warm-up left out', async () => {
  let nowMs = 0;
  let trip = 0;
  const found = await compare(
    1,
    [
      {
        name: 'trips',
        operations: 100,
        run(operations, done) {
          for (let left = operations; left > 0; left--) {
            trip += 1;
            nowMs += trip <= 100 ? 1_000 : trip - 100;
            done();
          }
        },
      },
    ],
    () => nowMs,
  );

  expect(found).toMatchObject([{ latencyMedianMs: 50, latencyP99Ms: 99 }]);
  expect(table(found)).toContain('each 50.0 ms, 99 of 100 within 99.0 ms');
});

test.each([0, 2, -1, 1.5])('%s is no odd number of rounds', async (rounds) => {
  await expect(compare(rounds, [])).rejects.toThrow(RangeError);
});

test('a baseline that does not run is refused', async () => {
  const { candidate } = machine();

  await expect(compare(1, [candidate('a', [], 'b')])).rejects.toThrow('which does not run');
});

test('a report is a table and a line of JSON', () => {
  const measurements = [
    { name: 'sign', perSecond: 41_234.5 },
    {
      name: 'meter',
      perSecond: 1500,
      baseline: 'sign',
      ratio: 0.03638,
      ratioMin: 0.03,
      ratioMax: 0.04,
    },
  ];

  expect(table(measurements)).toMatchInlineSnapshot(`
    "sign   41,235 /s
    meter   1,500 /s  0.0364 of sign (0.0300 to 0.0400)"
  `);
  expect(JSON.parse(jsonLine('bench', measurements))).toEqual({
    script: 'bench',
    measurements: [
      { name: 'sign', perSecond: 41_230 },
      {
        name: 'meter',
        perSecond: 1500,
        baseline: 'sign',
        ratio: 0.03638,
        ratioMin: 0.03,
        ratioMax: 0.04,
      },
    ],
  });
});

test('the baselines run, and leave nothing behind', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'bench-'));
  {
    using sync = syncBaseline(directory);

    const found = await compare(1, [
      { ...signBaseline(), operations: 5 },
      { name: sync.name, operations: 5, run: sync.run },
    ]);

    expect(found.map(({ name }) => name)).toEqual([SIGN_BASELINE, SYNC_BASELINE]);
  }
  expect(existsSync(directory) && readdirSync(directory)).toEqual([]);
  rmSync(directory, { recursive: true });
});
