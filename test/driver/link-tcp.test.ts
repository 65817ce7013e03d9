/** The driver over real TCP on loopback: in portions as the network likes, unplugged, refused, aborted (requirements.md F1). */

import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { openMeter } from '#driver/meter';
import { openLink } from '#driver/port';
import { ok } from '#protocol/result';
import { createImitation, type Imitation } from '#test/support/imitation';
import { identity, registers, trust } from '#test/support/imitation-host';
import { failureOf } from '#test/support/settle';

const servers: Server[] = [];
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** @returns the port URL */
async function listen(onSocket: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    sockets.push(socket);
    onSocket(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  return `tcp:127.0.0.1:${address.port}`;
}

function serve(imitation: Imitation): Promise<string> {
  return listen((socket) => {
    const line = imitation.connect();
    line.onData((bytes) => {
      for (const byte of bytes) socket.write(Uint8Array.of(byte));
    });
    socket.on('data', (bytes) => line.send(Uint8Array.from(bytes)));
    socket.on('error', () => socket.destroy());
  });
}

const services = { registers: () => ok(registers) };

test('a whole conversation, byte by byte', async () => {
  const imitation = createImitation({ services });
  await using meter = await openMeter(await serve(imitation), { identity, trust });

  for (let count = 0; count < 20; count++) expect(await meter.registers()).toEqual(registers);

  expect(imitation.performed).toHaveLength(20);
});

test('a connection that breaks is noticed at once, and reconnect makes a new one', async () => {
  const url = await serve(createImitation({ services }));
  await using meter = await openMeter(url, { identity, trust });

  for (const socket of sockets) socket.resetAndDestroy();
  const error = await failureOf(meter.registers());
  await meter.reconnect();

  expect(error).toMatchObject({ stage: 'request', address: url });
  expect(await meter.registers()).toEqual(registers);
});

test('a server that hangs up is noticed while a request is outstanding', async () => {
  const url = await listen((socket) => {
    socket.once('data', () => socket.end());
  });

  const error = await failureOf(openMeter(url));

  expect(error).toMatchObject({ stage: 'reset', isUncertain: false });
});

test('a server that talks something else is nobody', async () => {
  const url = await listen((socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    socket.on('error', () => socket.destroy());
  });

  const error = await failureOf(openMeter(url, { timeoutMs: 20 }));

  expect(error).toMatchObject({ stage: 'reset' });
});

test('nobody listens: the error says so', async () => {
  const url = await listen(() => undefined);
  await new Promise((closed) => servers.pop()?.close(closed));

  const error = await failureOf(openLink(url));

  expect(error).toMatchObject({
    stage: 'open',
    advice: expect.stringContaining('Nothing listens there'),
    cause: { code: 'ECONNREFUSED' },
  });
});

test('a signal ends the connecting', async () => {
  const controller = new AbortController();
  const url = await listen(() => undefined);
  const opening = failureOf(openLink(url, { signal: controller.signal }));

  controller.abort();

  expect(await opening).toMatchObject({ name: 'AbortError' });
});

test('close ends the connection for both sides, and may be called again', async () => {
  const ended = Promise.withResolvers<void>();
  const url = await listen((socket) => socket.resume().on('close', () => ended.resolve()));
  const link = await openLink(url);

  await link.close();
  await link.close();
  await ended.promise;

  expect(() => link.send(new Uint8Array(1))).toThrow('closed');
});
