/** The matrix of the security policy over a real line, in a sample; `npm run matrix` executes all of it (requirements.md A1, A5). */

import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { scenes } from '#tools/policy/situations';
import { repositoryRoot } from '#tools/sources';
import { cells, commandsAsked, policyOf, sampleOf, variants } from './cells.ts';
import { runCells } from './run.ts';

const SAMPLE = 100;

test('the meter does in a sample of all cells what the policy says', async () => {
  const chosen = sampleOf(cells, SAMPLE);

  const tally = await runCells(chosen, policyOf);

  expect(tally).toMatchObject({ executed: SAMPLE, deviations: [] });
  expect(tally.byDriver).toBeGreaterThan(0);
});

test('a meter that does otherwise is told, cell by cell', async () => {
  const scene = scenes.findLast((each) => each.state === 'idle' && each.lifeCycle === 'registered');
  const chosen = cells.filter((cell) => cell.scene === scene && cell.command === 'resetBatch');

  const { deviations } = await runCells(chosen, () => ({ status: 'logFull', isUnchanged: true }));

  expect(deviations.map(({ why }) => why)).toEqual([
    'sessionRequired in place of logFull',
    'unknownCommand in place of logFull',
    'sessionRequired in place of logFull',
    'silent in place of logFull',
    'sessionRequired in place of logFull',
  ]);
});

test('a service that changes anything is told where nothing may change', async () => {
  const scene = scenes.find((each) => each.caller === 'user' && each.lifeCycle === 'registered');
  const chosen = cells.filter(
    (cell) =>
      cell.scene === scene &&
      cell.variant === 'wellFormed' &&
      (cell.command === 'logOut' || cell.command === 'changePassword'),
  );

  const { deviations } = await runCells(chosen, (cell) => ({
    ...policyOf(cell),
    isUnchanged: true,
  }));

  expect(deviations.map(({ why }) => why)).toEqual([
    expect.stringMatching(/^the status became .*"uninitialized"/),
    expect.stringMatching(/^flash differs from byte \d+ on$/),
  ]);
});

test('a sample is even: every situation, command and way to arrive is in it', () => {
  const sample = sampleOf(cells, 400);
  const share = (isOne: (cell: (typeof cells)[number]) => boolean): number =>
    sample.filter(isOne).length;

  expect(new Set(sample).size).toBe(400);
  for (const scene of scenes) expect(share((cell) => cell.scene === scene)).toBeGreaterThan(6);
  for (const variant of variants)
    expect(share((cell) => cell.variant === variant)).toBeGreaterThan(50);
  for (const command of commandsAsked)
    expect(share((cell) => cell.command === command)).toBeGreaterThan(0);
  expect(sampleOf(cells, cells.length)).toBe(cells);
});

test('the script explains itself and refuses what it does not know', () => {
  const run = (...parameters: string[]) =>
    spawnSync(process.execPath, ['test/matrix/main.ts', ...parameters], {
      cwd: repositoryRoot,
      encoding: 'utf8',
    });

  expect(run('--help')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('npm run matrix'),
  });
  expect(run('--sample', 'few').status).toBe(2);
});
