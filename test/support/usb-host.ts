/** The host's end of a HID interface or a serial port of an imported device, as the drivers of a system use them. */

import type { MemoryEnd } from '#driver/link/memory';
import { encodeReports, HID_REPORT_SIZE } from '#protocol/usb';
import { importDevice, type UsbipClient } from './usbip-client.ts';

/** Imports and configures a meter. */
export async function attachMeter(port: number, busId?: string): Promise<UsbipClient> {
  const client = await importDevice(port, busId);
  await client.write(0x00, 0x09, 1, 0);
  return client;
}

const endpoints = { hid: 1, serial: 3 } as const;
/** Transfers that wait for data, as the driver of a system keeps them. */
const WAITING = 4;

/** For `memoryLink`. */
export function usbEnd(client: UsbipClient, way: keyof typeof endpoints): MemoryEnd {
  const endpoint = endpoints[way];
  const listeners: ((bytes: Uint8Array) => void)[] = [];
  const closers: ((reason: Error | undefined) => void)[] = [];

  async function listen(): Promise<void> {
    const room = way === 'hid' ? HID_REPORT_SIZE : 128;
    const ask = (): number => client.submit({ endpoint, direction: 'in', length: room });
    const waiting = Array.from({ length: WAITING }, ask);
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { status, data } = await client.answer(next);
      if (status !== 0) throw new Error(`status ${status}`);
      waiting.push(ask());
      for (const listener of listeners) listener(data);
    }
  }
  listen().catch((error) => {
    for (const close of closers) close(error);
  });

  return {
    send(bytes) {
      const portions = way === 'hid' ? encodeReports(bytes) : [bytes];
      for (const data of portions) client.submit({ endpoint, direction: 'out', data });
    },
    onData: (listener) => listeners.push(listener),
    onClose: (listener) => closers.push(listener),
    close: () => client.socket.destroy(),
  };
}
