/** A whole life of a meter fits the embedded processor as it is by default, and ends in a clear fault in a smaller one (docs/cpu.md). */

import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { checksOf } from '#cli/conformance/checks';
import { createQuickJsCpu } from '#emulator/cpu/quickjs';
import { repositoryRoot } from '#tools/sources';
import { liveWholly } from './life.ts';

const conditions = { form: 'bytecode', cryptoEngine: true } as const;

test('a whole life passes in 4 MiB of memory and 64 KiB of stack', async () => {
  const outcome = await liveWholly(createQuickJsCpu(), conditions);

  expect(outcome).toMatchObject({
    passes: true,
    figures: { ram: { limit: 4 << 20 }, stack: { limit: 64 << 10 } },
  });
});

const HEAVY = [301, 302, 303, 305, 309, 308, 109, 211, 327];
/** What takes most of a processor that computes by itself; `npm run limits` has all of it. */
const heaviest = checksOf('life').filter(({ id }) => HEAVY.includes(id));

test('without a crypto engine too', async () => {
  const cpu = createQuickJsCpu();

  const outcome = await liveWholly(cpu, { ...conditions, cryptoEngine: false }, heaviest);

  expect(outcome.passes).toBe(true);
});

test.each([
  ['ram', { ramBytes: 1 << 20 }],
  ['stack', { stackBytes: 10_000 }],
  ['time', { polls: 5 }],
] as const)('with too little %s it ends in a fault that says so', async (limit, limits) => {
  const outcome = await liveWholly(createQuickJsCpu(limits), conditions);

  expect(outcome).toMatchObject({ passes: false, fault: { kind: 'limitReached', limit } });
});

test('the script explains itself and refuses what it does not know', () => {
  const run = (parameter: string) =>
    spawnSync(process.execPath, ['test/limits/main.ts', parameter], {
      cwd: repositoryRoot,
      encoding: 'utf8',
    });

  expect(run('--help')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('npm run limits'),
  });
  expect(run('--fast').status).toBe(2);
});
