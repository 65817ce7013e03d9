/** A host on the line of a virtual printer. */

import { once } from 'node:events';
import { createConnection } from 'node:net';
import type { VirtualPrinter } from '#emulator/printer/virtual-printer';

export interface Client extends AsyncDisposable {
  send(...parts: readonly Uint8Array[]): void;
  /** The next `size` bytes of answers, in hex. */
  answer(size: number): Promise<string>;
  /** Sends the end of the stream and gives the answers that still come until the printer ends, in hex. */
  end(): Promise<string>;
  /** Settles when the line is gone, however it went. */
  readonly closed: Promise<unknown>;
}

export async function connect({ host, tcpPort }: VirtualPrinter): Promise<Client> {
  const socket = createConnection({ host, port: tcpPort, allowHalfOpen: true, noDelay: true });
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  socket.once('close', () => resolve());
  await once(socket, 'connect');
  socket.on('error', () => socket.destroy());
  let unread = Buffer.alloc(0);
  let wake = (): void => undefined;
  let hasEnded = false;
  socket.on('data', (bytes) => {
    unread = Buffer.concat([unread, bytes]);
    wake();
  });
  socket.on('end', () => {
    hasEnded = true;
    wake();
    socket.end();
  });
  const change = () =>
    new Promise<void>((done) => {
      wake = done;
    });

  return {
    closed,
    send: (...parts) => {
      socket.write(Buffer.concat(parts));
    },
    async answer(size) {
      while (unread.length < size) {
        if (hasEnded) throw new Error(`the printer ended after ${unread.toString('hex')}`);
        await change();
      }
      const answer = unread.subarray(0, size).toString('hex');
      unread = unread.subarray(size);
      return answer;
    },
    async end() {
      socket.end();
      while (!hasEnded) await change();
      return unread.toString('hex');
    },
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await closed;
    },
  };
}
