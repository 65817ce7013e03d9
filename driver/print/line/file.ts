/**
 * A printer behind a device like /dev/usb/lp0, or a plain file that takes what a printer would get. Never waits inside
 * the system: a device that takes nothing is asked again.
 */

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { linkListeners } from '../../link/link.ts';
import { CLOSE_TIMEOUT_MS, type PrinterLine, waitFor } from './line.ts';

/** How long a full device is left alone before the next try. */
const FULL_PAUSE_MS = 10;

/** @throws Error where it cannot be opened */
export async function openFileLine(path: string): Promise<PrinterLine> {
  // a device must be there, else a plain file would be made in its place and nothing ever printed
  const create = path.startsWith('/dev/') ? 0 : constants.O_CREAT | constants.O_TRUNC;
  const withoutWaiting = constants.O_NONBLOCK ?? 0; // Windows has none
  const handle = await open(path, constants.O_WRONLY | create | withoutWaiting, 0o644);
  const listeners = linkListeners();
  return {
    isTwoWay: false,
    write: (bytes) => writeAll(handle, bytes, () => listeners.isClosed),
    flush: () => Promise.resolve(),
    onData: listeners.onData,
    onClose: listeners.onClose,
    async close() {
      if (listeners.isClosed) return;
      listeners.closed(undefined);
      await waitFor(handle.close(), CLOSE_TIMEOUT_MS);
    },
  };
}

async function writeAll(
  handle: FileHandle,
  bytes: Uint8Array,
  isClosed: () => boolean,
): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) {
    if (isClosed()) throw new Error('the printer was closed');
    try {
      const { bytesWritten } = await handle.write(rest);
      rest = rest.subarray(bytesWritten);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await wait(FULL_PAUSE_MS);
    }
  }
}
