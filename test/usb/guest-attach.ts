/** `tessera emulate --attach` in the guest: a meter of its own that plugs itself in, again after each restart. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { openMeter } from '#driver/meter';
import { controlClient } from '#emulator/control/client';
import { check, until } from './guest-scene.ts';

const TIMEOUT_MS = 20_000;

interface Ready {
  readonly event: string;
  readonly control: string;
  readonly serialNumber: string;
}

export async function checkEmulateAttach(): Promise<unknown> {
  const script = join(dirname(process.argv[1] ?? ''), 'tessera.js');
  const parameters = ['--json', 'emulate', '--attach', '--control', '0'];
  const startMs = performance.now();
  const emulator = spawn(process.execPath, [script, ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { control, serialNumber } = await readyOf(emulator);
  const readyMs = Math.round(performance.now() - startMs);
  const names = ['hid', 'tty'].map((port) => `/dev/tessera/${serialNumber}-${port}`);
  const ports = [`hid:${serialNumber}`, `serial:${names[1]}`];
  const before = await until('the meter in /dev', () => placesOf(names));
  await checkPorts(ports);

  await controlClient(control, { timeoutMs: TIMEOUT_MS }).powerCycle();
  const after = await until('the meter in /dev again', () => {
    const now = placesOf(names);
    return now?.every((place) => !before.includes(place)) ? now : undefined;
  });
  await checkPorts(ports);

  const ended = once(emulator, 'exit');
  emulator.kill('SIGTERM');
  const [code] = await ended;
  await until('the meter out of /dev', () =>
    names.every((name) => lstatSync(name, { throwIfNoEntry: false }) === undefined),
  );
  check(code === 0, `the emulator ended with ${code}`);
  return { readyMs, files: new Set([...before, ...after]).size };
}

async function readyOf(emulator: ChildProcess): Promise<Ready> {
  const lines = createInterface({ input: emulator.stdout as NonNullable<typeof emulator.stdout> });
  for await (const line of lines) {
    const said = JSON.parse(line) as Ready;
    check(said.event === 'ready', line);
    return said;
  }
  throw new Error('the emulator ended before it was ready');
}

/** Of the files that the names lead to: another one each time that the kernel makes them. Undefined where one is missing. */
function placesOf(names: readonly string[]): readonly number[] | undefined {
  const places = names.map((name) => statSync(name, { throwIfNoEntry: false })?.ino);
  return places.every((place) => place !== undefined) ? places : undefined;
}

async function checkPorts(ports: readonly string[]): Promise<void> {
  for (const port of ports) {
    await using meter = await openMeter(port, { timeoutMs: TIMEOUT_MS });
    const { lifeCycle } = await meter.status();
    check(lifeCycle === 'blank', `a meter that is ${lifeCycle} is at ${port}`);
  }
}
