/**
 * A meter on USB: a HID interface and a serial port, each on a port of the board. It is on the bus while firmware runs,
 * so a restart is an unplugging and a plugging in.
 */

import { usbIds } from '#protocol/usb';
import type { Board, PortLines } from '../board.ts';
import { createHidFunction } from './hid-function.ts';
import { createSerialFunction } from './serial-function.ts';
import { composeDevice, type UsbDevice } from './usb-device.ts';
import type { UsbJack } from './usbip-server.ts';

/** To be raised with every change of a descriptor: Windows keeps what it read of a release (ports.md 4). */
const RELEASE = 0x0100;
/** Interfaces that belong together are told by an association (USB 2.0 engineering change notice). */
const COMPOSITE = [0xef, 0x02, 0x01] as const;
const endpoints = { hid: 1, serialNotify: 2, serialData: 3 } as const;

export interface MeterOnUsbOptions {
  readonly serialNumber: string;
  /** Ports of the board. */
  readonly ports: { readonly hid: number; readonly usbSerial: number };
}

/** What USB needs of a board: its lines, and whether firmware runs. */
export type MeterLines = PortLines & Pick<Board, 'onRun' | 'isRunning'>;

/** Keeps a meter plugged in while it runs; the function it gives takes it off for good. */
export function plugMeter(
  board: MeterLines,
  jack: UsbJack,
  options: MeterOnUsbOptions,
): () => void {
  let unplug: (() => void) | undefined;

  function follow(isRunning: boolean): void {
    unplug?.();
    unplug = isRunning ? plugOnce(board, jack, options) : undefined;
  }
  const forget = board.onRun(follow);
  follow(board.isRunning);
  return () => {
    forget();
    follow(false);
  };
}

function plugOnce(board: PortLines, jack: UsbJack, options: MeterOnUsbOptions): () => void {
  const { serialNumber, ports } = options;
  let isPlugged = true;
  const onReady = (): void => {
    if (isPlugged) jack.ready();
  };
  /** Bytes that arrive after the unplugging are not for the firmware that runs then. */
  const toBoard = (port: number) => (bytes: Uint8Array) => {
    if (isPlugged) board.receive(port, bytes);
  };
  const hid = createHidFunction({
    endpoint: endpoints.hid,
    receive: toBoard(ports.hid),
    onReady,
  });
  const serial = createSerialFunction({
    notifyEndpoint: endpoints.serialNotify,
    dataEndpoint: endpoints.serialData,
    receive: toBoard(ports.usbSerial),
    onReady,
  });
  const ends = [board.onSend(ports.hid, hid.send), board.onSend(ports.usbSerial, serial.send)];
  jack.plug(meterDevice(serialNumber, [hid, serial]));
  return () => {
    isPlugged = false;
    for (const end of ends) end();
    jack.unplug();
  };
}

function meterDevice(
  serialNumber: string,
  functions: Parameters<typeof composeDevice>[1],
): UsbDevice {
  const identity = {
    vendorId: usbIds.vendor,
    productId: usbIds.meter,
    release: RELEASE,
    deviceClass: COMPOSITE,
    manufacturer: 'Tessera',
    product: 'Tessera meter',
    serialNumber,
  };
  return composeDevice(identity, functions);
}
