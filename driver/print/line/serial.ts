/** A printer on a serial port. The package does not see every unplugging, hence the watch on the path (ports.md 1.5). */

import { existsSync } from 'node:fs';
import type { SerialPort } from 'serialport';
import { linkListeners } from '../../link/link.ts';
import type { SerialAddress } from '../../link/serial.ts';
import { CLOSE_TIMEOUT_MS, called, type PrinterLine, waitFor } from './line.ts';

const WATCH_MS = 100;

export interface SerialLineOptions {
  /** Whether the printer holds the computer back by RTS and CTS. */
  readonly hasFlowControl: boolean;
}

/** @throws Error where it cannot be opened */
export async function openSerialLine(
  { path, baudRate }: SerialAddress,
  { hasFlowControl }: SerialLineOptions,
): Promise<PrinterLine> {
  const { SerialPort: Port } = await import('serialport'); // only who has a serial printer needs its native part
  const port = new Port({ path, baudRate, rtscts: hasFlowControl, lock: true, autoOpen: false });
  await called((done) => port.open(done));
  return portLine(port, path);
}

function portLine(port: SerialPort, path: string): PrinterLine {
  const listeners = linkListeners();

  async function close(reason: Error | undefined): Promise<void> {
    clearInterval(watch);
    listeners.closed(reason);
    if (port.isOpen)
      await waitFor(
        called((done) => port.close(done)),
        CLOSE_TIMEOUT_MS,
      );
  }
  const gone = (reason: Error): void => {
    close(reason).catch((error: Error) => listeners.closed(error));
  };
  const watch = setInterval(() => {
    if (process.platform !== 'win32' && !existsSync(path)) gone(new Error(`${path} is gone`));
  }, WATCH_MS);
  watch.unref();

  port.on('data', (bytes: Buffer) => listeners.data(bytes));
  port.on('error', gone);
  port.on('close', (error: Error | null) => gone(error ?? new Error(`${path} was closed`)));
  return {
    isTwoWay: true,
    write: (bytes) => called((done) => void port.write(bytes, done)),
    flush: () => called((done) => port.drain(done)),
    onData: listeners.onData,
    onClose: listeners.onClose,
    close: () => close(undefined),
  };
}
