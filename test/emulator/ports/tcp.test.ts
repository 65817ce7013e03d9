/** A board's port over TCP, with hosts that behave badly (requirements.md H4). */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { listenTcp, type TcpPort } from '#emulator/ports/tcp';
import { ask, makeTestBoard } from '#test/support/board';

async function listening() {
  const { board } = makeTestBoard();
  const port = await listenTcp(board);
  onTestFinished(() => port[Symbol.asyncDispose]());
  return { board, port };
}

async function connected({ port }: TcpPort): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, 'connect');
  return socket;
}

/** The next bytes that come, as many as asked for. */
async function received(socket: Socket, size: number): Promise<string> {
  const parts: Buffer[] = [];
  let count = 0;
  while (count < size) {
    const [part] = (await once(socket, 'data')) as [Buffer];
    parts.push(part);
    count += part.length;
  }
  return Buffer.concat(parts).toString('latin1');
}

/** When a connection is gone; whether by an end or a reset is the system's affair. */
function closing(socket: Socket): Promise<void> {
  socket.on('error', () => undefined);
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

test('listens on this computer only, on a free port that it tells', async () => {
  const { port } = await listening();

  expect(port.address).toBe(`tcp:127.0.0.1:${port.port}`);
  expect(port.port).toBeGreaterThan(0);
});

test.each(['0.0.0.0', '192.0.2.1', 'example.org', '::', '128.0.0.1'])(
  'does not listen on %s unless that is asked for',
  async (host) => {
    const { board } = makeTestBoard();

    await expect(listenTcp(board, { host })).rejects.toThrow('other computers');
  },
);

test('listens elsewhere when that is asked for', async () => {
  const { board } = makeTestBoard();

  await using port = await listenTcp(board, { host: '0.0.0.0', allowRemote: true });

  expect(port.host).toBe('0.0.0.0');
});

test('a port that is taken is an error', async () => {
  const { board, port } = await listening();

  await expect(listenTcp(board, { port: port.port })).rejects.toThrow('EADDRINUSE');
});

test('carries all byte values both ways', async () => {
  const { port } = await listening();
  const host = await connected(port);
  const all = Buffer.from(Array.from({ length: 256 }, (_, value) => value));

  host.write(Buffer.concat([Buffer.from('e'), all]));

  expect(await received(host, 256)).toBe(all.toString('latin1'));
});

test('each of several hosts gets its own answers', async () => {
  const { port } = await listening();
  const hosts = await Promise.all(['one', 'two', 'three'].map(() => connected(port)));

  const rounds = await Promise.all(
    hosts.map(async (host, at) => {
      const heard: string[] = [];
      for (let round = 0; round < 20; round += 1) {
        host.write(`e${at} says ${round % 10}`);
        heard.push(await received(host, 8));
      }
      return heard;
    }),
  );

  rounds.forEach((heard, at) => {
    expect(heard).toEqual(Array.from({ length: 20 }, (_, round) => `${at} says ${round % 10}`));
  });
});

test('a host that says it is done still gets its answer', async () => {
  const { port } = await listening();
  const host = await connected(port);

  host.end('ebye');

  expect(await received(host, 3)).toBe('bye');
});

test('a host that floods and never reads is cut off, and the board goes on', async () => {
  const { board, port } = await listening();
  const flooder = await connected(port);
  flooder.pause();
  const closed = closing(flooder);

  const flood = Buffer.alloc(262_144, 'e'); // wherever it is divided, the board answers
  const pump = (): void => {
    while (!flooder.destroyed && flooder.write(flood));
    if (!flooder.destroyed) flooder.once('drain', pump);
  };
  pump();
  flooder.on('end', () => flooder.destroy());
  await closed;

  expect(ask(board, 'estill here')).toEqual(['still here']);
  const next = await connected(port);
  next.write('eme too');
  expect(await received(next, 6)).toBe('me too');
});

test('a host that floods with noise and reads gets whatever it gets, and the board goes on', async () => {
  const { board, port } = await listening();
  const host = await connected(port);
  host.resume();

  for (let round = 0; round < 50; round += 1)
    if (!host.write(Buffer.alloc(65_536, round))) await once(host, 'drain');

  expect(ask(board, 'ehello')).toEqual(['hello']);
});

test('a host that vanished is forgotten', async () => {
  const { board, port } = await listening();
  const host = await connected(port);
  host.write('e1');
  await received(host, 1);

  host.resetAndDestroy();
  const next = await connected(port);
  next.write('e2');

  expect(await received(next, 1)).toBe('2');
  expect(port.connections).toBe(1);
  expect(ask(board, 'ehello')).toEqual(['hello']);
});

test('what a restart of the board sends goes to nobody when nobody is there', async () => {
  const { board, port } = await listening();

  board.receive(1, Buffer.from('enobody'));

  expect(port.connections).toBe(0);
  expect(ask(board, 'ehello', 1)).toEqual(['hello']);
});

test('a board that is off takes connections and is silent', async () => {
  const { board, port } = await listening();
  board.powerOff();
  const host = await connected(port);

  host.write('elost');
  host.end();
  const [hadError] = (await once(host.resume(), 'close')) as [boolean];

  expect(hadError).toBe(false);
});

test('closed, it lets go of every host', async () => {
  const { board } = makeTestBoard();
  const port = await listenTcp(board);
  const host = await connected(port);

  const closed = closing(host.resume());
  host.on('end', () => host.destroy());
  await port[Symbol.asyncDispose]();

  await closed;
  await expect(connected(port)).rejects.toThrow('ECONNREFUSED');
});
