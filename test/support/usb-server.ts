/** A server of USB/IP with boards behind it, and a host that says something. */

import { onTestFinished } from 'vitest';
import type { Board } from '#emulator/board';
import { boardPorts } from '#emulator/board-ports';
import { plugMeter } from '#emulator/usb/meter-device';
import { listenUsbip, type UsbipServer } from '#emulator/usb/usbip-server';
import { encodeReports } from '#protocol/usb';
import { makeTestBoard } from './board.ts';
import type { UsbipClient } from './usbip-client.ts';

/** Meters in the jacks 1-1, 1-2, with the serial numbers METER0001, METER0002. */
export async function serving(...boards: readonly Board[]): Promise<UsbipServer> {
  const server = await listenUsbip();
  onTestFinished(() => server[Symbol.asyncDispose]());
  for (const [place, board] of boards.entries())
    onTestFinished(
      plugMeter(board, server.addJack(), {
        serialNumber: `METER000${place + 1}`,
        ports: boardPorts,
      }),
    );
  return server;
}

/** A meter with the test firmware, which echoes what follows an `e`. */
export async function echoing() {
  const { board } = makeTestBoard();
  return { board, server: await serving(board) };
}

export const letters = (text: string): Buffer => Buffer.from(text, 'latin1');
export const report = (text: string): Uint8Array => encodeReports(letters(text))[0] as Uint8Array;

export async function echo(client: UsbipClient, text: string): Promise<string> {
  client.submit({ endpoint: 1, direction: 'out', data: report(`e${text}`) });
  const { data } = await client.transfer({ endpoint: 1, direction: 'in', length: 64 });
  return data.toString('latin1').replace(/\0+$/, '');
}
