/** A printer on loopback that does what a test tells it: answers or stays mute, confirms, hangs up in the middle. */

import { type AddressInfo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Script {
  /** The answers to DLE EOT 1 to 4; a mute printer has none. */
  readonly status?: readonly [number, number, number, number];
  /** The answers from the moment on in which a job has begun. */
  readonly statusAfter?: readonly [number, number, number, number];
  readonly onFirstByte?: () => void;
  /** Whether it answers GS ( H. */
  readonly isConfirming?: boolean;
  /** Hangs up when it has got so many bytes of a job. */
  readonly hangUpAt?: number;
  /** Takes so many bytes of a job and then no more. */
  readonly stallAt?: number;
}

export interface ScriptedPrinter {
  readonly url: string;
  /** Everything it got that was no question. */
  received(): Uint8Array;
  readonly connections: number;
}

/** Online, cover shut, no error, paper there. */
export const ready = [0x12, 0x12, 0x12, 0x12] as const;

const DLE = 0x10;
const EOT = 0x04;

/** Starts one for the time of a test. */
export async function scriptedPrinter(script: Script): Promise<ScriptedPrinter> {
  const sockets = new Set<Socket>();
  let job = Buffer.alloc(0);
  let connections = 0;

  function hear(socket: Socket, chunk: Buffer): void {
    const answers = job.length > 0 ? (script.statusAfter ?? script.status) : script.status;
    if (chunk.length === 3 && chunk[0] === DLE && chunk[1] === EOT) {
      const answer = answers?.[(chunk[2] as number) - 1];
      if (answer !== undefined) socket.write(Uint8Array.of(answer));
      return;
    }
    if (job.length === 0) script.onFirstByte?.();
    job = Buffer.concat([job, chunk]);
    if (script.hangUpAt !== undefined && job.length >= script.hangUpAt) socket.resetAndDestroy();
    if (script.stallAt !== undefined && job.length >= script.stallAt) socket.pause();
    const tail = job.subarray(-11);
    if (script.isConfirming && tail.subarray(0, 7).equals(Buffer.from('1d284806003030', 'hex')))
      socket.write(
        Buffer.concat([Buffer.from([0x12, 0x37, 0x22]), tail.subarray(7), Buffer.of(0)]),
      );
  }

  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => hear(socket, chunk));
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    url: `tcp:127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: () => job,
    get connections() {
      return connections;
    },
  };
}
