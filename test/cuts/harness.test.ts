/** The cuts are what they say: made from pictures as they would be made live, the same for any number of threads. */

import { describe, expect, test } from 'vitest';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import { createMemoryFlash } from '#emulator/flash';
import { planCuts } from '#emulator/flash/cut-plan';
import { commands } from '#protocol/command';
import { TEST_TIME_MS } from '#test/support/board';
import { createContext } from './campaigns/context.ts';
import { sampleOf } from './campaigns/sample.ts';
import { perform, type Task } from './campaigns/task.ts';
import { cutCommands } from './commands/table.ts';
import { partOf } from './judging/rehearsal.ts';
import { createHost } from './meter/host.ts';
import { contentsOf, METER_GEOMETRY } from './meter/stages.ts';
import { createWorkshop } from './meter/workshop.ts';
import { readOptions } from './run/options.ts';
import { planOf } from './run/plan.ts';
import { performAll } from './run/pool.ts';
import { joined, replayOf } from './run/report.ts';

const workshop = createWorkshop({ seed: 7, hasEngine: true });
const context = createContext(workshop, () => undefined);

test('an image that is made from a picture is the one that a live cut leaves', async () => {
  const { points } = await context.rehearsal('powerUp');
  const length = points.cells.find(({ mode }) => mode === 'prefix')?.count ?? 0;
  const plan = planCuts([{ op: 'program', offset: 0, length }]);
  const made = partOf(workshop);

  for (let number = 0; number < plan.count; number += 37) {
    points.at(number).apply(made);
    const live = partOf(workshop, await contentsOf('refilled'));
    const { operations, cut } = plan.at(number);
    live.losePowerAfter(operations, cut);
    const options = { flash: live, nowMs: TEST_TIME_MS, noiseSeed: 1 };
    expect(() => createHost(workshop, options).powerOn()).toThrow('no power');
    live.restorePower();

    expect([number, made.digest()]).toEqual([number, live.digest()]);
  }
  expect(plan.count + 1).toBe(points.count); // and one where what was not synced is lost
});

test('a processor that is warm does what a cold one does', async () => {
  const digests: string[] = [];
  for (const cpu of [createNodeVmCpu(), workshop.cpu, workshop.cpu]) {
    const flash = createMemoryFlash({
      geometry: METER_GEOMETRY,
      contents: await contentsOf('refilled'),
    });
    const host = createHost({ ...workshop, cpu }, { flash, nowMs: TEST_TIME_MS, noiseSeed: 3 });
    host.powerOn();
    const meter = await host.loggedIn('user');
    const { registers } = await host.status();
    const { indicium } = await meter.certificates();
    digests.push(
      JSON.stringify([registers, Buffer.from(indicium).toString('hex'), flash.digest()]),
    );
  }

  expect(new Set(digests).size).toBe(1);
});

/** A new command is either here or in the table. */
const writeNothing = [
  'status',
  'condition',
  'version',
  'selfTest',
  'certificates',
  'openSession',
  'confirmSession',
  'closeSession',
  'logOut',
  'rateTables',
  'licence',
  'registers',
  'inspectionReport',
  'readLog',
  'challengeClock',
  'updateBegin', // these three write to a slot, and test/updates/ cuts them
  'updateWrite',
  'updateFinish',
  'updateStatus',
  'authorityKey',
  'hashContent',
  'userKeys',
  'requestRevocation',
  'withdrawalReport',
];
/** Hosts and meter of the table keep their keys: host-key.test.ts and renewal.test.ts of test/firmware/services/ cut these. */
const cutElsewhere = [
  'changeHostKey',
  'renewKeys',
  'installRenewedKeys',
  'requestKey',
  'importKey',
  'dropKey',
];

describe('the table', () => {
  test('has every command of the meter, but for those that write nothing', () => {
    const named = new Set(cutCommands.map(({ name }) => name.split(' ')[0]));

    const missing = Object.keys(commands).filter((name) => !named.has(name));

    expect(missing.filter((name) => !cutElsewhere.includes(name))).toEqual(writeNothing);
    expect(new Set(cutCommands.map(({ name }) => name)).size).toBe(cutCommands.length);
  });

  test('leads to both outcomes', async () => {
    const { points } = await context.rehearsal('createIndicium');
    const numbers = sampleOf(points.cells, 12, { seed: 2, each: 'cell' });

    const { figures, violations } = await perform(context, {
      campaign: 'single',
      command: 'createIndicium',
      numbers,
    });

    expect(violations).toEqual([]);
    expect(figures).toMatchObject({ cuts: 12 });
    expect(figures['rolledBack']).toBeGreaterThan(0);
    expect(figures['completed']).toBeGreaterThan(0);
  });
});

test('the same parts give the same findings, in this thread and in others', async () => {
  const { points } = await context.rehearsal('refillRequest');
  const tasks: Task[] = sampleOf(points.cells, 6, { seed: 3, each: 'cell' }).map((number) => ({
    campaign: 'double',
    command: 'refillRequest',
    firsts: [number],
    seconds: 2,
  }));
  const here = [];
  for (const task of tasks) here.push(await perform(context, task));

  const elsewhere = await performAll(tasks, {
    workers: 2,
    workshop: { seed: 7, hasEngine: true },
    onProgress: () => undefined,
    onDone: () => undefined,
  });

  expect(elsewhere).toEqual(here);
  expect(joined(elsewhere)).toHaveLength(1);
});

describe('a sample', () => {
  const cells = [
    { first: 0, count: 144 },
    { first: 144, count: 1 },
    { first: 145, count: 4096 },
  ];

  test('is in the cells, without a number twice, its ends among them', () => {
    for (const seed of [1, 2, 3]) {
      const numbers = sampleOf(cells, 200, { seed, each: 'number', leastOfEach: 4 });

      expect(new Set(numbers).size).toBe(numbers.length);
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      expect(numbers).toEqual(expect.arrayContaining([0, 143, 144, 145, 4240]));
      expect(numbers.length).toBeGreaterThan(195);
      expect(numbers.length).toBeLessThan(210);
    }
  });

  test('of all is all, and of more is all of it again with other seeds', () => {
    const all = sampleOf(cells, 4241, { seed: 1, each: 'number', period: 4241 });
    const twice = sampleOf(cells, 8482, { seed: 1, each: 'number', period: 4241 });

    expect(new Set(all).size).toBe(4241);
    expect(Math.max(...all)).toBe(4240);
    expect(new Set(twice).size).toBe(8482);
    expect(Math.max(...twice)).toBe(8481);
  });
});

test('a violation names the command line that makes the same cut', async () => {
  const violation = {
    campaign: 'double',
    name: 'logIn wrong',
    numbers: [17, 4],
  } as const;
  const line = replayOf(violation, { seed: 9, hasEngine: true });

  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);
  const options = readOptions(words.slice(words.indexOf('--') + 1) as string[]);

  expect(line).toBe("npm run cuts -- --seed 9 --only double --command 'logIn wrong' --replay 17 4");
  const { parts } = await planOf(context, options);
  expect(parts.map(({ task }) => task)).toEqual([
    {
      campaign: 'double',
      command: 'logIn wrong',
      firsts: [17],
      seconds: [4],
    },
  ]);
});

test.each([
  [['--seed', 'x']],
  [['--only', 'nothing']],
  [['7']],
  [['--replay', '-1']],
  [['--what']],
])('%j is no command line', (words) => {
  expect(() => readOptions(words)).toThrow();
});
