/** A printer in the network, as on port 9100. */

import { connect, type Socket } from 'node:net';
import { abortable } from '../../abort.ts';
import { linkListeners } from '../../link/link.ts';
import type { TcpAddress } from '../../link/tcp.ts';
import { CLOSE_TIMEOUT_MS, called, type PrinterLine, waitFor } from './line.ts';

export interface TcpLineOptions {
  readonly connectTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** @throws Error where no connection comes about; the reason of the signal where it is aborted */
export async function openTcpLine(
  { host, port }: TcpAddress,
  { connectTimeoutMs, signal }: TcpLineOptions,
): Promise<PrinterLine> {
  const socket = connect({ host, port, noDelay: true });
  const { promise: connected, resolve, reject } = Promise.withResolvers<void>();
  socket.once('connect', resolve).once('error', reject);
  try {
    if (!(await abortable(signal, waitFor(connected, connectTimeoutMs))))
      throw new Error(`no connection in ${connectTimeoutMs} ms`);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  socket.removeListener('error', reject);
  return socketLine(socket);
}

function socketLine(socket: Socket): PrinterLine {
  const listeners = linkListeners();
  const ended = (): void => listeners.closed(new Error('the printer closed the connection'));
  socket.on('data', listeners.data);
  socket.on('error', listeners.closed).on('end', ended).on('close', ended);
  return {
    isTwoWay: true,
    write: (bytes) => called((done) => void socket.write(bytes, done)),
    flush: () => Promise.resolve(),
    onData: listeners.onData,
    onClose: listeners.onClose,
    async close() {
      listeners.closed(undefined);
      // a connection cut off at once may cost the printer what it has not read yet: it closes first, if it will
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      socket.once('close', () => resolve());
      if (socket.closed) resolve();
      socket.end();
      await waitFor(closed, CLOSE_TIMEOUT_MS);
      socket.destroy();
    },
  };
}
