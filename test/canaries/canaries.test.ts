/**
 * Secrets are nowhere once they are not in use: memory of the embedded engine, flash, lines, what the host says and keeps, in
 * every form (requirements.md A3, A6, A7). `npm run canaries` takes every event.
 */

import { expect, test } from 'vitest';
import { canaryEvents } from './events.ts';
import { runHost } from './host.ts';
import { runEvent } from './run.ts';

const names = ['end of the session', 'failed log-in', 'password change', 'fault in a service'];
const sample = canaryEvents.filter(({ name }) => names.includes(name));

const NOTHING = { memory: [], flash: [], lines: [], status: [] };

test.each(sample.map((event) => [event.name, event] as const))(
  'nothing is left behind: %s',
  async (_name, event) => {
    const row = await runEvent(event);

    expect(row.found).toEqual(NOTHING);
    expect(row.control.length).toBeGreaterThan(0);
    expect(row.blind).toEqual([]);
  },
);

test('the scan finds at work what must be gone after it', async () => {
  const [event] = canaryEvents;
  if (event === undefined) throw new Error('there is no event');

  const row = await runEvent({ ...event, living: [], perform: async () => undefined });

  const found = row.found.memory.map((what) => what.replace(/ [0-9a-f]{8}….*/, ''));
  expect([...new Set(found)].toSorted()).toEqual([
    'generator',
    'keys of sessions',
    'keys of the device secret',
    'vault key',
  ]);
});

test('the command line and the files of a host hold no password and no key in clear', async () => {
  const { found, blind, files, bytesSaid } = await runHost();

  expect(found).toEqual([]);
  expect(blind).toEqual([]);
  expect(files).toBeGreaterThan(2);
  expect(bytesSaid).toBeGreaterThan(100);
});
