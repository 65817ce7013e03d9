/** A serial cable between a host and a meter on TCP, in this process: it can be pulled out and put in again (Linux). */

import { once } from 'node:events';
import { rmSync, symlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { openPty, type Pty } from './pty.ts';

export interface Cable extends AsyncDisposable {
  /** Puts it in; the meter must be there. The path leads to the port while it is in. */
  plugIn(): Promise<void>;
  /** Pulls it out behind so many more bytes of the host; at once for 0. */
  pullBehind(bytes: number): void;
}

/** @param path where the port appears @param port of the meter on 127.0.0.1 */
export function openCable(path: string, port: () => number): Cable {
  let ends: { readonly pty: Pty; readonly socket: Socket } | undefined;
  let bytesLeft = Number.POSITIVE_INFINITY;

  async function pull(): Promise<void> {
    const pulled = ends;
    ends = undefined;
    bytesLeft = Number.POSITIVE_INFINITY;
    rmSync(path, { force: true });
    pulled?.socket.destroy();
    await pulled?.pty.unplug();
  }

  return {
    async plugIn() {
      await pull();
      const pty = openPty();
      const socket = connect(port(), '127.0.0.1');
      await once(socket, 'connect');
      ends = { pty, socket };
      symlinkSync(pty.path, path);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        if (ends?.socket === socket) void pull();
      });
      socket.on('data', (bytes) => pty.write(bytes));
      pty.onData((bytes) => {
        bytesLeft -= bytes.length;
        if (bytesLeft <= 0) void pull();
        else socket.write(bytes);
      });
    },
    pullBehind(bytes) {
      bytesLeft = bytes;
      if (bytes === 0) void pull();
    },
    [Symbol.asyncDispose]: pull,
  };
}
