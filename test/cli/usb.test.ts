/** `tessera emulate --usbip` and `tessera printer --usbip`: USB devices for who attaches them (requirements.md H4). */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, cliDone, cliRunning } from '#test/support/cli';
import { listDevices } from '#test/support/usbip-client';
import { repositoryRoot } from '#tools/sources';

const portOf = (address: unknown): number => Number(String(address).split(':').at(-1));

test.each([
  ['emulate', [], 0x0001],
  ['printer', ['--tcp', '0'], 0x0002],
] as const)('%s exports its device', async (command, parameters, productId) => {
  await using running = await cliRunning(command, ...parameters, '--usbip', '0');
  const { usbip } = running.ready;

  expect(usbip).toMatch(/^usbip:127\.0\.0\.1:\d+$/);
  expect(await listDevices(portOf(usbip))).toMatchObject([{ vendorId: 0x1209, productId }]);
});

test.each(['0.0.0.0:0', 'example.org:0'])(
  '%s is refused unless that is asked for',
  async (place) => {
    const { exitCode, error } = await cli('emulate', '--usbip', place);

    expect(exitCode).toBe(1);
    expect(error?.['message']).toContain('other computers');
  },
);

test.each(['', 'here', '127.0.0.1', '70000', 'a b:1'])(
  '%j is no place to listen at',
  async (place) => {
    expect((await cli('emulate', '--usbip', place)).exitCode).toBe(2);
  },
);

test.skipIf(existsSync('/sys/devices/platform/vhci_hcd.0'))(
  'where the kernel has no virtual controller, --attach says how to get one',
  async () => {
    const { exitCode, error } = await cli('emulate', '--attach');

    expect(exitCode).toBe(1);
    expect(error?.['message']).toContain('modprobe vhci-hcd');
  },
);

test('devices lists a meter that runs on this computer, as long as it runs', async () => {
  const running = await cliRunning('emulate', '--tcp', '0');
  const url = running.ready['tcp'];
  const listed = async () => (await cliDone('devices')).said.map((each) => each['url']);

  const whileRunning = await listed();
  await running.end('SIGTERM');

  expect(whileRunning).toContain(url);
  expect(await listed()).not.toContain(url);
});

test('devices --watch lists at once and ends with an interrupt', async () => {
  const watching = spawn(
    process.execPath,
    [
      join(repositoryRoot, 'cli/main.ts'),
      '--json',
      'devices',
      '--watch',
      '--address',
      'tcp:localhost:7',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(watching, 'exit');
  let said = '';
  for await (const part of watching.stdout) {
    said += part;
    if (said.includes('tcp:localhost:7')) watching.kill('SIGTERM');
  }

  expect(said).toContain('"event":"change"');
  expect(await ended).toEqual([0, null]);
});
