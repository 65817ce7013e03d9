/** The image is one function of its hardware on every engine (ARCHITECTURE.md, "always true" 1): short form, and that it can fail. */

import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { Cpu, Program } from '#emulator/cpu/cpu';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import { createQuickJsCpu } from '#emulator/cpu/quickjs';
import { repositoryRoot } from '#tools/sources';
import { live } from './life.ts';
import {
  allCpus,
  type Cpus,
  compareTraces,
  type Failure,
  nothingSeen,
  sumOf,
  type Tally,
} from './run.ts';
import { createStages } from './stages.ts';

/** A stretch with power cuts and with boards of both kinds. */
const FIRST_SEED = 28;
const TRACES = 6;
/** A trace in which a meter refuses often. */
const REFUSING_SEED = 31;
const seedsFrom = (seed: number, count: number) =>
  Array.from({ length: count }, (_, at) => seed + at);

async function compared(cpus: Cpus, seeds: readonly number[]) {
  let tally: Tally = nothingSeen;
  const failures: Failure[] = [];
  await compareTraces(cpus, seeds, (seen, failed) => {
    tally = sumOf(tally, seen);
    failures.push(...failed);
  });
  return { tally, failures };
}

test('every engine makes the same of the same life, byte for byte', async () => {
  const { tally, failures } = await compared(await allCpus(), seedsFrom(FIRST_SEED, TRACES));

  expect(failures.map(({ text }) => text).join('\n')).toBe('');
  const performed = Object.keys(tally.verdicts).filter((verdict) => verdict.endsWith(' ok'));
  expect(performed.length).toBeGreaterThan(15);
  expect(tally.powerFailures).toBeGreaterThan(0);
  expect(tally.withoutCryptoEngine).toBeGreaterThan(0);
  expect(tally.boots).toBeGreaterThan(TRACES);
}, 120_000);

test('a trace is what its seed says, whenever it is lived', async () => {
  const cpu = createNodeVmCpu();
  const lived = (seed: number) => live(cpu, seed, createStages(createNodeVmCpu()));

  const first = await lived(7);

  expect(await lived(7)).toEqual(first);
  expect((await lived(8)).steps).not.toEqual(first.steps);
});

describe('a difference is found and told, with the command that shows it again', () => {
  const node = createNodeVmCpu();
  const quickJs = createQuickJsCpu();
  /** The same engine with an image in which something is computed otherwise. */
  const computing = (change: (source: string) => string): Cpu => ({
    ...quickJs,
    boot: (program, hardware) => quickJs.boot(changed(program, change), hardware),
  });

  test.each<[string, Cpu, RegExp]>([
    [
      'in one answer of many',
      computing((source) => source.replace(/wrongState:\{code:\d+/, 'wrongState:{code:9999')),
      /quickjs: +ports\.send\(0, /,
    ],
    [
      'in a call that changes nothing that leaves',
      {
        ...quickJs,
        boot(program, hardware) {
          const { clock } = hardware;
          return quickJs.boot(program, {
            ...hardware,
            clock: { ...clock, ticksMs: () => Math.max(clock.ticksMs(), clock.ticksMs()) },
          });
        },
      },
      /quickjs: +clock\.ticksMs\(\)/,
    ],
  ])('%s', async (_, cpu, told) => {
    const { failures } = await compared([node, cpu], [REFUSING_SEED]);

    expect(failures.length).toBeGreaterThan(0);
    expect(failures[0]?.text).toMatch(
      /^trace \d+, step \d+ \(.+\), event \d+: node-vm and quickjs differ\n/,
    );
    expect(failures[0]?.text).toMatch(told);
    expect(failures[0]?.text).toContain(
      `npm run differential -- --seed ${failures[0]?.seed} --traces 1`,
    );
  });
});

function changed(program: Program, change: (source: string) => string): Program {
  if (program.form !== 'source') return program;
  const source = change(program.source);
  if (source === program.source) throw new Error('the image has not what was to be changed');
  return { form: 'source', source };
}

describe('the command', () => {
  const command = (...parameters: string[]) =>
    spawnSync(process.execPath, ['test/differential/main.ts', ...parameters], {
      cwd: repositoryRoot,
      encoding: 'utf8',
    });

  test('explains itself', () => {
    const { status, stdout } = command('--help');

    expect(status).toBe(0);
    expect(stdout).toContain('--traces N');
  });

  test.each([['--traces', '0'], ['--fast']])('refuses %s', (...parameters) => {
    expect(command(...parameters).status).toBe(2);
  });
});
