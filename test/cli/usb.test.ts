/** `tessera emulate --usbip` and `tessera printer --usbip`: USB devices for who attaches them (requirements.md H4). */

import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cli, cliRunning } from '#test/support/cli';
import { listDevices } from '#test/support/usbip-client';

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
