/** The virtual printer as a USB device (requirements.md H4). */

import { expect, onTestFinished, test } from 'vitest';
import { startVirtualPrinter, type VirtualPrinterOptions } from '#emulator/printer/virtual-printer';
import { plugPrinter } from '#emulator/usb/printer-device';
import { listenUsbip } from '#emulator/usb/usbip-server';
import { importDevice } from '#test/support/usbip-client';

async function printing(options: VirtualPrinterOptions = {}) {
  const printer = await startVirtualPrinter(options);
  onTestFinished(() => printer.close());
  const server = await listenUsbip();
  onTestFinished(() => server[Symbol.asyncDispose]());
  onTestFinished(plugPrinter(printer, server.addJack(), 'PRINTER1'));
  const client = await importDevice(server.port);
  onTestFinished(() => client[Symbol.dispose]());
  await client.write(0x00, 0x09, 1, 0);
  return { printer, client };
}

const ONE_LINE_AND_CUT = Buffer.from('\x1b@Hello\n\x1dV\x00', 'latin1');

test('prints what comes, and answers its status', async () => {
  const { printer, client } = await printing();
  const page = printer.nextPage();

  await client.transfer({ endpoint: 1, direction: 'out', data: ONE_LINE_AND_CUT });
  await client.transfer({ endpoint: 1, direction: 'out', data: Uint8Array.of(0x10, 0x04, 1) });
  const { data } = await client.transfer({ endpoint: 2, direction: 'in', length: 64 });

  expect((await page).heightDots).toBeGreaterThan(0);
  expect(data).toEqual(Buffer.of(0x12));
});

test('tells who it is, and the state of its paper and cover', async () => {
  const { printer, client } = await printing();
  const { data: id } = await client.read(0xa1, 0, 0, 0, 1024);
  const status = async () => (await client.read(0xa1, 1, 0, 0, 1)).data.readUInt8();

  const sound = await status();
  printer.setStatus({ isCoverOpen: true });
  const open = await status();
  printer.setStatus({ isCoverOpen: false, paper: 'out' });
  const paperOut = await status();

  expect(id.readUInt16BE()).toBe(id.length);
  expect(id.toString('latin1', 2)).toContain('CMD:ESC/POS;');
  expect([sound, open, paperOut]).toEqual([0x18, 0x10, 0x38]);
});

test('without room lets the host wait, and takes all when the cover is closed', async () => {
  const { printer, client } = await printing({ receiveBufferSize: 4_096 });
  printer.setStatus({ isCoverOpen: true });
  const data = Buffer.alloc(64 * 1024, 0);
  const send = () => client.submit({ endpoint: 1, direction: 'out', data });
  const sent: number[] = [];
  const isHeld = async () => {
    await client.read(0x80, 0, 0, 0, 2); // what comes before its answer has come
    return sent.slice(client.unclaimed.length).length > 0;
  };

  // one at a time, as a system does, until the buffers of the sockets between are full too
  do sent.push(send());
  while (!(await isHeld()) && sent.length < 1_000);
  printer.clearFaults();

  const answers = await Promise.all(sent.map((number) => client.answer(number)));
  expect(sent.length).toBeGreaterThan(1);
  expect(sent.length).toBeLessThan(1_000);
  expect(answers.every(({ status, actualLength }) => status === 0 && actualLength === 65_536)).toBe(
    true,
  );
});
