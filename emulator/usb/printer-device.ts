/** The virtual printer on USB, as /dev/usb/lp0 of the computer that attaches it. */

import { connect, type Socket } from 'node:net';
import { usbIds } from '#protocol/usb';
import type { VirtualPrinter } from '../printer/virtual-printer.ts';
import { createPrinterFunction } from './printer-function.ts';
import { composeDevice } from './usb-device.ts';
import type { UsbJack } from './usbip-server.ts';

const RELEASE = 0x0100;
/** The class stands in the interface. */
const PER_INTERFACE = [0, 0, 0] as const;
/** Bytes that wait for the printer; a host waits while there are more. */
const UNPRINTED_SIZE_MAX = 64 * 1024;
/** USB has no end of a job: a printer that heard nothing for so long is free for others. */
const IDLE_MS = 500;

/** Plugs a printer in; the function it gives takes it off. */
export function plugPrinter(
  printer: Pick<VirtualPrinter, 'host' | 'tcpPort' | 'status'>,
  jack: UsbJack,
  serialNumber: string,
): () => void {
  let socket: Socket | undefined;

  /** A line to the printer for each job: it serves one at a time, and others come by TCP. */
  function line(): Socket {
    if (socket !== undefined) return socket;
    const opened = connect({ host: printer.host, port: printer.tcpPort, noDelay: true });
    socket = opened;
    opened.setTimeout(IDLE_MS, () => opened.end());
    opened.on('data', (bytes) => part.answer(bytes));
    opened.on('drain', () => jack.ready());
    opened.on('error', () => opened.destroy()); // what was under way is lost, as with any cut line
    const forget = (): void => {
      if (socket === opened) socket = undefined;
      jack.ready();
    };
    opened.on('end', forget).on('close', forget);
    return opened;
  }

  const part = createPrinterFunction({
    outEndpoint: 1,
    inEndpoint: 2,
    deviceId: 'MFG:Tessera;MDL:Virtual printer;CMD:ESC/POS;CLS:PRINTER;',
    print(bytes) {
      const open = line();
      if (open.writableLength > UNPRINTED_SIZE_MAX) return 'later';
      open.write(bytes);
      return 'taken';
    },
    state: () => {
      const { paper, isCoverOpen, error } = printer.status;
      return { isPaperOut: paper === 'out', isSound: !isCoverOpen && error === 'none' };
    },
    onReset: () => socket?.destroy(),
    onReady: () => jack.ready(),
  });
  const identity = {
    vendorId: usbIds.vendor,
    productId: usbIds.printer,
    release: RELEASE,
    deviceClass: PER_INTERFACE,
    manufacturer: 'Tessera',
    product: 'Tessera virtual printer',
    serialNumber,
  };
  jack.plug(composeDevice(identity, [part]));
  return () => {
    jack.unplug();
    socket?.destroy();
  };
}
