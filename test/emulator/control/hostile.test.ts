/** Bad input on the port of the control and on TCP: refused or cut, the emulator stays up and the registers are unchanged. */

import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openMeter } from '#driver/meter';
import { controlClient } from '#emulator/control/client';
import { type ControlServer, STREAMS_MAX, serveControl } from '#emulator/control/http-server';
import { operations } from '#emulator/control/operations';
import { type EmulatedMeter, emulatedMeter } from '#testing/emulated-meter';
import { FUNDS } from '#testing/made-meter';

let meter: EmulatedMeter;
let url: string;
let port: number;
beforeAll(async () => {
  meter = await emulatedMeter({ lifeCycle: 'funded', ports: true });
  url = meter.controlUrl as string;
  port = Number(new URL(url).port);
});
afterAll(async () => {
  const user = await meter.logIn('user');
  expect(await user.registers()).toMatchObject({ ascending: 0, descending: FUNDS });
  await meter[Symbol.asyncDispose]();
});

function connect(to: number): Socket {
  const socket = createConnection({ host: '127.0.0.1', port: to });
  socket.on('error', () => undefined); // being cut is what is tested
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** However it ended. */
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));

/** Sends text as it is, and gives the head and body of what comes back until the other side closes. */
async function raw(text: string): Promise<string> {
  const socket = connect(port);
  let answer = '';
  socket.on('data', (bytes: Buffer) => {
    answer += bytes.toString('latin1');
  });
  socket.write(text);
  await closed(socket);
  return answer;
}

/** A request with these headers, the last of its connection. */
const request = (line: string, headers: readonly string[], body = ''): string =>
  [`${line} HTTP/1.1`, ...headers, 'connection: close', '', body].join('\r\n');

const ours = (): string => `host: 127.0.0.1:${port}`;
const json = 'content-type: application/json';

describe('a request', () => {
  test.each<[string, string, () => readonly string[], string, number, string]>([
    ['for another host', 'GET /v1/status', () => ['host: evil.example'], '', 403, 'hostWrong'],
    ['for another port', 'GET /v1/status', () => ['host: 127.0.0.1:1'], '', 403, 'hostWrong'],
    [
      'of a web page',
      'GET /v1/status',
      () => [ours(), 'origin: http://evil.example'],
      '',
      403,
      'hostWrong',
    ],
    [
      'of a form of a web page',
      'POST /v1/powerOff',
      () => [ours(), 'content-type: text/plain', 'content-length: 2'],
      '{}',
      415,
      'mediaTypeWrong',
    ],
    ['for nothing', 'GET /', () => [ours()], '', 404, 'operationUnknown'],
    ['for a prototype', 'GET /v1/toString', () => [ours()], '', 404, 'operationUnknown'],
    ['to read by POST', 'POST /v1/status', () => [ours()], '', 405, 'methodWrong'],
    ['to change by GET', 'GET /v1/powerOff', () => [ours()], '', 405, 'methodWrong'],
    ['by another method', 'DELETE /v1/events', () => [ours()], '', 405, 'methodWrong'],
    [
      'that is no JSON',
      'POST /v1/setClock',
      () => [ours(), json, 'content-length: 5'],
      '{"a":',
      400,
      'requestMalformed',
    ],
    [
      'with a field too many',
      'POST /v1/powerOff',
      () => [ours(), json, 'content-length: 7'],
      '{"a":1}',
      400,
      'requestMalformed',
    ],
    [
      'that says it is too large',
      'POST /v1/damageFlash',
      () => [ours(), json, 'content-length: 999999999'],
      '',
      413,
      'bodyTooLarge',
    ],
  ])('%s is refused in JSON', async (_, line, headers, body, status, error) => {
    const answer = await raw(request(line, headers(), body));

    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    const problem = JSON.parse(answer.split('\r\n\r\n')[1] as string) as Record<string, string>;
    expect(problem).toMatchObject({ error, message: expect.any(String) });
    expect(problem['advice']).toMatch(/^(?:retry|wait|act|final)$/);
  });

  test('without a host is refused, and so is what is no HTTP', async () => {
    expect(await raw(request('GET /v1/status', []))).toMatch(/^HTTP\/1.1 400 /);
    expect(await raw('\0\0\0\0 hello?\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
  });

  test('whose body grows past all bounds is cut where it does', async () => {
    const socket = connect(port);
    let answer = '';
    socket.on('data', (bytes: Buffer) => {
      answer += bytes.toString('latin1');
    });
    const head = [
      'POST /v1/damageFlash HTTP/1.1',
      ours(),
      json,
      'transfer-encoding: chunked',
      '',
      '',
    ];
    socket.write(head.join('\r\n'));
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    for (let sent = 0; sent < 64 && !socket.destroyed; sent += 1) socket.write(chunk);
    await closed(socket);

    expect(answer === '' || answer.startsWith('HTTP/1.1 413 ')).toBe(true);
    expect(await controlClient(url).status()).toMatchObject({ isRunning: true });
  });
});

test('every operation judges what it is given: a body of nonsense changes nothing', async () => {
  const before = await controlClient(url).status();
  const nonsense = ['null', '[]', '"x"', '7', '{"__proto__":{}}', '{"state":"="}', '[[[[[[]]]]]]'];

  for (const [name, { kind }] of Object.entries(operations)) {
    if (kind !== 'change') continue;
    for (const body of nonsense) {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${url}/v1/${name}`, { method: 'POST', headers, body });
      expect(answer.status, `${name} ${body}`).toBe(400);
    }
  }

  expect(await controlClient(url).status()).toEqual(before);
});

describe('a token', () => {
  let guarded: ControlServer;
  beforeAll(async () => {
    guarded = await serveControl(meter.rig, { token: 'open sesame' });
  });
  afterAll(() => guarded[Symbol.asyncDispose]());

  test.each([undefined, '', 'open', 'open sesamf'])(
    'is asked for, and "%s" is none',
    async (token) => {
      const asked = controlClient(guarded.url, { token }).status();

      await expect(asked).rejects.toMatchObject({ error: 'tokenRequired', advice: 'act' });
    },
  );

  test('opens, for events as well', async () => {
    const client = controlClient(guarded.url, { token: 'open sesame' });

    expect(await client.status()).toMatchObject({ isRunning: true });
    for await (const { kind } of client.events()) {
      expect(kind).toBe('indicator');
      break;
    }
  });
});

test('connections that say nothing hold nobody up, however many', async () => {
  const silent = Array.from({ length: 60 }, () => connect(port));
  for (const [number, socket] of silent.entries())
    if (number % 2 === 0) socket.write('GET /v1/status HTTP/1.1\r\nhost: 12');
  await Promise.all(silent.map((socket) => once(socket, 'connect')));

  expect(await controlClient(url).status()).toMatchObject({ isRunning: true });
  for (const socket of silent) socket.destroy();
});

test('a reader of events that does not read is cut, and the meter does not wait for it', async () => {
  await using server = await serveControl(meter.rig);
  const socket = connect(Number(new URL(server.url).port));
  socket.write(`GET /v1/events HTTP/1.1\r\nhost: ${new URL(server.url).host}\r\n\r\n`);
  await once(socket, 'readable');
  await expect.poll(() => server.streams).toBe(1);

  const noise = new Uint8Array(4096).fill(0xaa);
  for (let sent = 0; sent < 2_000 && server.streams > 0; sent += 1) {
    meter.rig.lines.receive(1, noise);
    if (sent % 50 === 0) await new Promise(setImmediate);
  }

  await expect.poll(() => server.streams).toBe(0);
  expect(await meter.driver.status()).toMatchObject({ lifeCycle: 'registered' });
});

test('a reader in the same process that does not read loses its stream', async () => {
  const stream = meter.control.events();
  await stream.next();

  for (let sent = 0; sent <= 10_000; sent += 1) meter.rig.lines.receive(1, Uint8Array.of(0));

  const read = async (): Promise<void> => {
    for await (const { kind } of stream) expect(kind).toBe('bytes');
  };
  await expect(read()).rejects.toThrow('10000 events were left unread');
});

test('streams of events are so many at most', async () => {
  await using server = await serveControl(meter.rig);
  const ends = Array.from({ length: STREAMS_MAX }, () => new AbortController());
  const client = controlClient(server.url);
  const streams = ends.map(({ signal }) => client.events({ signal }));
  await Promise.all(streams.map((stream) => stream.next()));

  await expect(client.events().next()).rejects.toMatchObject({ error: 'tooManyStreams' });

  for (const end of ends) end.abort();
  await expect.poll(() => server.streams).toBe(0);
});

describe('on the TCP port of the meter', () => {
  const tcpPort = (): number => Number(meter.tcp?.split(':').at(-1));

  test('a flood of noise is taken, and a driver still gets its answer', async () => {
    const flood = connect(tcpPort());
    await once(flood, 'connect');
    const noise = Buffer.alloc(65_536, 0xaa);
    for (let sent = 0; sent < 16; sent += 1) if (!flood.write(noise)) await once(flood, 'drain');
    flood.destroy();

    await using driver = await openMeter(meter.tcp as string);

    expect(await driver.status()).toMatchObject({ lifeCycle: 'registered' });
  });

  test('half-open connections beyond the most there may be are cut, and the others work', async () => {
    const open = Array.from({ length: 40 }, () => connect(tcpPort()));
    await Promise.all(open.map((socket) => once(socket, 'connect')));
    for (const socket of open) socket.destroy();
    await Promise.all(open.map(closed));

    await using driver = await openMeter(meter.tcp as string);

    expect(await driver.status()).toMatchObject({ state: 'uninitialized' });
  });
});
