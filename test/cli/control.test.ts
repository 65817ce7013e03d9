/** `tessera control`: operations of the table from the command line (requirements.md H4). */

import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cli, cliDone } from '#test/support/cli';
import { temporaryFolder } from '#test/support/temporary-folder';
import { type EmulatedMeter, emulatedMeter } from '#testing/emulated-meter';

let meter: EmulatedMeter;
let at: readonly string[];
beforeAll(async () => {
  meter = await emulatedMeter({ ports: true });
  at = ['--url', meter.controlUrl as string];
});
afterAll(() => meter[Symbol.asyncDispose]());

test('performs an operation and tells its answer', async () => {
  const { figures } = await cliDone('control', 'advanceClock', '{ "durationMs": 5000 }', ...at);

  expect(figures('advanceClock')).toMatchObject({ clock: { elapsedMs: 5_000 }, isTampered: false });
});

test('keeps a state in a file of its owner alone, and brings it back', async () => {
  const file = join(temporaryFolder(), 'meter.state');

  const { figures } = await cliDone('control', 'snapshot', '--file', file, ...at);
  await cliDone('control', 'openHousing', ...at);
  const back = await cliDone('control', 'restore', '--file', file, ...at);

  expect(figures('snapshot')).toMatchObject({ bytes: readFileSync(file).length, hasMemory: false });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(back.figures('restore')).toMatchObject({ isTampered: false });
});

test.each([
  [
    'an operation with a wrong field',
    ['advanceClock', '{ "durationMs": -1 }'],
    2,
    /durationMs: must be/,
  ],
  [
    'one that is refused',
    ['breakSector', '{ "sector": 64, "failure": "readFails" }'],
    1,
    /no sector 64/,
  ],
  ['one of a host alone', ['end'], 1, /did not come of forking/],
])('%s says why', async (_, argv, expected, why) => {
  const { exitCode, error } = await cli('control', ...argv, ...at);

  expect(exitCode).toBe(expected);
  expect(error?.['message']).toMatch(why);
});

test('records a trace into a file of its owner alone, which is replayed', async () => {
  const file = join(temporaryFolder(), 'meter.trace.gz');

  await cliDone('control', 'startTrace', '{ "withSecrets": true }', ...at);
  const { figures } = await cliDone('control', 'fetchTrace', '--file', file, ...at);
  await cliDone('control', 'stopTrace', ...at);
  const replayed = await cliDone('trace', 'replay', file);

  expect(statSync(file).mode & 0o777).toBe(0o600);
  const { tracing } = figures('fetchTrace') as unknown as { readonly tracing: { events: number } };
  expect(figures('fetchTrace')).toMatchObject({ bytes: readFileSync(file).length });
  expect(replayed.figures('replayed')).toMatchObject({ mode: 'calls', steps: tracing.events });
});

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

test.each(['127.0.0.1', 'localhost'])('nobody at a port of %s is told as such', async (name) => {
  const url = `http://${name}:${await closedPort()}`;
  for (const operation of ['status', 'events']) {
    const { exitCode, error } = await cli('control', operation, '--url', url);

    expect(exitCode).toBe(1);
    expect(error).toMatchObject({
      error: 'controlLink',
      message: expect.stringContaining('Nobody listens at'),
    });
  }
});

test('an address that leads nowhere is told as such', async () => {
  const { exitCode, error } = await cli('control', 'status', '--url', 'http://127.0.0.1:9');

  expect(exitCode).toBe(1);
  expect(error).toMatchObject({
    error: 'controlLink',
    message: expect.stringMatching(/not answer/),
  });
});
