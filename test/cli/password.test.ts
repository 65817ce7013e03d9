/** `tessera meter password`: key file and meter get the new password together (requirements.md A5, F3). */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cli, type Ended, type MeterAtHand, openWorld, type World } from '#test/support/cli';
import { openLossyLine } from './lossy-line.ts';

let world: World;
let meter: MeterAtHand;
/** The file with the password that is good; each test leaves the one it ended with. */
let current: string;
beforeAll(async () => {
  world = await openWorld();
  meter = await world.refilledMeter();
  current = world.passwordFiles.user;
});
afterAll(() => world[Symbol.asyncDispose]());

function fileWith(name: string, password: string): string {
  const file = join(world.folder, name);
  writeFileSync(file, password);
  return file;
}

const change = (to: string, ...options: readonly string[]): Promise<Ended> => {
  const files = ['--password-file', current, '--new-password-file', to];
  return cli('meter', 'password', '--home', meter.home, ...files, ...options);
};
const tryWith = (file: string): Promise<Ended> =>
  cli('meter', 'registers', '--home', meter.home, '--password-file', file);

test('the new one opens both, the old one neither', async () => {
  const next = fileWith('second', 'the second password');

  expect((await change(next)).exitCode).toBe(0);

  expect((await tryWith(next)).exitCode).toBe(0);
  expect((await tryWith(current)).error).toMatchObject({ error: 'passwordWrong' });
  current = next;
});

test('one that the meter does not take changes nothing', async () => {
  const tooLong = fileWith('long', 'x'.repeat(65));

  const { exitCode, error } = await change(tooLong);

  expect(exitCode).toBe(1);
  expect(error).toMatchObject({ error: 'passwordUnfit' });
  expect((await tryWith(current)).exitCode).toBe(0);
});

test('a wrong old one is refused before the meter is asked', async () => {
  const wrong = fileWith('wrong', 'no password of this meter');

  const { exitCode, error } = await change(
    fileWith('third', 'the third password'),
    ...['--password-file', wrong],
  );

  expect(exitCode).toBe(1);
  expect(error).toMatchObject({ error: 'passwordWrong' });
  expect((await tryWith(current)).exitCode).toBe(0);
});

// the messages are: reset; two of the handshake, log-in, change, end of the session
test('interrupted before the meter has it, the same call goes on', async () => {
  const next = fileWith('fourth', 'the fourth password');
  await using line = await openLossyLine(meter.port, { message: 5, loses: 'request' });
  const first = await change(next, '--port', line.port);
  expect(first).toMatchObject({ exitCode: 1, error: { error: 'link' } });

  expect((await change(next)).exitCode).toBe(0);

  expect((await tryWith(next)).exitCode).toBe(0);
  current = next;
});

test('interrupted when the meter has it, the new one is good', async () => {
  const next = fileWith('fifth', 'the fifth password');
  await using line = await openLossyLine(meter.port, { message: 5, loses: 'answer' });

  const { exitCode, error } = await change(next, '--port', line.port);

  expect(exitCode).toBe(1);
  expect(error).toMatchObject({ error: 'link' });
  expect((await tryWith(next)).exitCode).toBe(0);
});
