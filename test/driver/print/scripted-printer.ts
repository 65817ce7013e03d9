/** A printer on loopback that does what a test tells it: answers or stays mute, confirms, hangs up in the middle. */

import { type AddressInfo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Script {
  /** The answers to DLE EOT 1 to 4; a mute printer has none. */
  readonly status?: readonly [number, number, number, number];
  /** The answers from the moment on in which a job has begun. */
  readonly statusAfter?: readonly [number, number, number, number];
  /** The same, for the first four questions only. */
  readonly statusOnceAfter?: readonly [number, number, number, number];
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
  let asked = 0;

  function answer(socket: Socket, question: number): void {
    const once = asked < 4 ? script.statusOnceAfter : undefined;
    const later = once ?? script.statusAfter ?? script.status;
    const byte = (job.length > 0 ? later : script.status)?.[question - 1];
    if (job.length > 0) asked += 1;
    if (byte !== undefined) socket.write(Uint8Array.of(byte));
  }

  /** A question may come in one piece with the end of a job. */
  function hear(socket: Socket, chunk: Buffer): void {
    const question = chunk.at(-3) === DLE && chunk.at(-2) === EOT ? chunk.at(-1) : undefined;
    const part = question === undefined ? chunk : chunk.subarray(0, -3);
    if (part.length > 0) take(socket, part);
    if (question !== undefined) answer(socket, question);
  }

  function take(socket: Socket, part: Buffer): void {
    if (job.length === 0) script.onFirstByte?.();
    job = Buffer.concat([job, part]);
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
