/** A TCP line to a meter that breaks once, just before or just after the meter gets a certain message. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createAssembler } from '#protocol/message';

export interface Break {
  /** Counted from 1, over all connections. */
  readonly message: number;
  /** `request`: it does not reach the meter. `answer`: it does, and the answer does not come back. */
  readonly loses: 'request' | 'answer';
}

export interface LossyLine extends AsyncDisposable {
  /** As the driver takes it. */
  readonly port: string;
  /** How many messages the host has sent whole. */
  readonly messages: number;
  readonly isBroken: boolean;
}

/** @param port of the meter; without a place the line never breaks */
export async function openLossyLine(port: string, at?: Break): Promise<LossyLine> {
  const [, host, number] = port.split(':');
  const sockets = new Set<Socket>();
  const assembler = createAssembler(() => {
    messages += 1;
  });
  let messages = 0;
  let isBroken = false;

  function breakAll(): void {
    isBroken = true;
    for (const socket of sockets) socket.destroy();
  }
  const loses = (what: Break['loses']): boolean =>
    !isBroken && at?.loses === what && messages === at.message;

  const server = createServer((near) => {
    const far = connect(Number(number), host);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (bytes) => {
      assembler.push(bytes);
      if (loses('request')) breakAll();
      else far.write(bytes);
    });
    far.on('data', (bytes) => {
      if (loses('answer')) breakAll();
      else near.write(bytes);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: `tcp:127.0.0.1:${(server.address() as AddressInfo).port}`,
    get messages() {
      return messages;
    },
    get isBroken() {
      return isBroken;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
