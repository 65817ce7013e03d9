/** Attaching to Linux: what is asked of the kernel, and what is said where that cannot be (requirements.md H4). */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { attachUsbip } from '#emulator/usb/attach';
import { temporaryFolder } from '#test/support/temporary-folder';
import { echoing } from '#test/support/usb-server';
import { importDevice } from '#test/support/usbip-client';

const HEADING = 'hub port sta spd dev      sockfd local_busid\n';
const taken = (place: string) => `hs  ${place} 006 002 00010001 000003 1-1\n`;
const free = (speed: string, place: string) => `${speed}  ${place} 004 000 00000000 000000 0-0\n`;

/** A folder like the kernel's, which takes the order and does nothing. */
function controllerWith(...lines: readonly string[]): string {
  const controller = join(temporaryFolder(), 'vhci_hcd.0');
  mkdirSync(controller);
  writeFileSync(join(controller, 'status'), HEADING + lines.join(''));
  return controller;
}

test('imports the device and hands the connection to the first free port for its speed', async () => {
  const { server } = await echoing();
  const lines = [taken('0000'), free('hs', '0001'), free('hs', '0002'), free('ss', '0008')];
  const controller = controllerWith(...lines);

  const place = await attachUsbip({ ...server, busId: '1-1', controller });

  expect(place).toBe(1);
  expect(readFileSync(join(controller, 'attach'), 'latin1')).toMatch(/^1 \d+ 65537 2$/);
});

test('without the module it says how to load it', async () => {
  const { server } = await echoing();
  const controller = join(temporaryFolder(), 'none');

  await expect(attachUsbip({ ...server, busId: '1-1', controller })).rejects.toThrow(
    'modprobe vhci-hcd',
  );
});

test('where no port is free it says so', async () => {
  const { server } = await echoing();
  const controller = controllerWith(taken('0000'), free('ss', '0008'));

  await expect(attachUsbip({ ...server, busId: '1-1', controller })).rejects.toThrow('are taken');
});

test('a device that another client has is not attached, nor one that is not there', async () => {
  const { server } = await echoing();
  using _other = await importDevice(server.port);
  const controller = controllerWith(free('hs', '0000'));

  for (const busId of ['1-1', '1-9'])
    await expect(attachUsbip({ ...server, busId, controller })).rejects.toThrow(
      `does not hand out ${busId}`,
    );
});

test('what the kernel refuses is told as a matter of rights', async () => {
  const { server } = await echoing();
  const controller = controllerWith(free('hs', '0000'));
  mkdirSync(join(controller, 'attach'));

  await expect(attachUsbip({ ...server, busId: '1-1', controller })).rejects.toThrow(
    'only root may do that',
  );
});
