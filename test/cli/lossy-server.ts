/** Stands before a server and loses one request to a certain path, or its answer. */

import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Loss {
  /** Of the request. */
  readonly path: RegExp;
  readonly what: 'request' | 'answer';
}

export interface LossyServer extends AsyncDisposable {
  readonly url: string;
  /** Whether it was lost already; from then on everything passes. */
  readonly isLost: boolean;
}

export async function openLossyServer(target: string, { path, what }: Loss): Promise<LossyServer> {
  let isLost = false;
  const server = createServer(async (request, response) => {
    const loses = !isLost && path.test(request.url ?? '');
    isLost ||= loses;
    const body = await bodyOf(request);
    if (loses && what === 'request') {
      request.socket.destroy();
      return;
    }
    const { status, text } = await forward(target, request, body);
    if (loses) request.socket.destroy();
    else response.writeHead(status, { 'content-type': 'application/json' }).end(text);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get isLost() {
      return isLost;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

async function forward(
  target: string,
  { url = '/', method = 'GET', headers }: IncomingMessage,
  body: Buffer,
): Promise<{ status: number; text: string }> {
  const response = await fetch(new URL(url, target), {
    method,
    headers: {
      ...(headers.authorization !== undefined && { authorization: headers.authorization }),
      ...(headers['content-type'] !== undefined && { 'content-type': headers['content-type'] }),
    },
    body: method === 'POST' ? body : null,
  });
  return { status: response.status, text: await response.text() };
}
