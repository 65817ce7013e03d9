/** Whatever arrives over HTTP gets a clear answer in one form and changes nothing it may not. */

import { connect } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { authorityRefusals } from '#authority/refusals';
import { authorityRoutes } from '#authority/routes';
import { httpClient, ServerLinkError, ServerRefusedError } from '#cli/server/http-client';
import { BODY_SIZE_MAX, type HttpServer, httpRefusals, serve } from '#cli/server/http-server';
import { routesOf } from '#protocol/http/route';
import { mills } from '#protocol/mills';
import { providerRefusals } from '#provider/refusals';
import { providerRoutes } from '#provider/routes';
import {
  booksOf,
  makeCustomer,
  makeOffice,
  requestId,
  signRequest,
  type TestOffice,
} from '#test/support/back-office';

const token = new Uint8Array(32).fill(0x70);
const bearer = `Bearer ${Buffer.from(token).toString('hex')}`;

let office: TestOffice;
let authorityServer: HttpServer;
let server: HttpServer;
let faults: unknown[];

beforeEach(async () => {
  office = await makeOffice();
  faults = [];
  const onFault = (fault: unknown) => faults.push(fault);
  const common = { token, port: 0, onFault };
  authorityServer = await serve({
    ...common,
    name: 'authority',
    routes: authorityRoutes,
    services: office.authority,
    refusals: authorityRefusals,
  });
  server = await serve({
    ...common,
    name: 'provider',
    routes: providerRoutes,
    services: office.provider,
    refusals: providerRefusals,
  });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await authorityServer[Symbol.asyncDispose]();
});

const post = async (path: string, body: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

test('health tells which server it is', async () => {
  const response = await fetch(`${authorityServer.url}/health`);

  expect(await response.json()).toEqual({ server: 'authority', isServing: true });
});

test('a refill over HTTP is the refill near at hand', async () => {
  const { meter } = await makeCustomer(office);
  const request = signRequest(meter);
  const client = httpClient(providerRoutes, { url: server.url });

  const answer = await client.refill({ request });

  expect(await office.provider.refill({ request })).toEqual({ ok: true, value: answer });
});

test('every kind of field comes through: numbers in the path, text, lists, nothing', async () => {
  const client = httpClient(authorityRoutes, { url: authorityServer.url, token });
  const own = httpClient(providerRoutes, { url: server.url, token });
  const { customerId } = await own.openAccount({ name: 'Größe & Söhne / "x"' });
  const payment = { customerId, requestId: requestId(1), amount: mills(5) };

  expect(await own.payIn(payment)).toEqual({
    receiptNumber: 1,
    receipt: expect.any(Uint8Array),
  });
  expect(await own.readCustomer({ customerId })).toMatchObject({
    name: 'Größe & Söhne / "x"',
    balance: 5,
  });
  const { meterId } = await client.allotMeter({ model: '0000' });
  expect(await client.askForReport({ meterId })).toMatchObject({
    challenge: expect.any(Uint8Array),
  });
  const verdict = await client.verifyEvidence({ evidence: new Uint8Array(3), seenMs: undefined });
  expect(verdict).toMatchObject({ accepted: false, format: undefined, indicium: undefined });
});

describe('the token', () => {
  const operatorRoutes = [
    ...routesOf(authorityRoutes).map(([name, route]) => ({ name, route, of: 'authority' })),
    ...routesOf(providerRoutes).map(([name, route]) => ({ name, route, of: 'provider' })),
  ].filter(({ route }) => route.access === 'token');

  test.each(operatorRoutes)(
    'is asked for by $of $name, before the body is looked at',
    async ({ route, of }) => {
      const { url } = of === 'authority' ? authorityServer : server;
      const path = route.path.replace(/:\w+/g, '1');

      const response = await fetch(`${url}${path}`, {
        method: route.method,
        ...(route.method === 'POST' && { body: 'nonsense' }),
      });

      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await response.json()).toMatchObject({ error: 'tokenRequired', advice: 'act' });
    },
  );

  test.each([
    ['another', `Bearer ${'71'.repeat(32)}`],
    ['a longer one', `${bearer}00`],
    ['a shorter one', bearer.slice(0, -2)],
    ['an empty one', 'Bearer '],
    ['another scheme', bearer.replace('Bearer', 'Basic')],
    ['no digits', `Bearer ${'zz'.repeat(32)}`],
  ])('%s is refused and changes nothing', async (_, authorization) => {
    const answer = await post('/customers', '{"name":"x"}', { authorization });

    expect(answer).toMatchObject({ status: 401, body: { error: 'tokenRequired' } });
    const { error } = await office.provider
      .readCustomer({ customerId: 1 })
      .then((outcome) => (outcome.ok ? { error: 'there is one' } : outcome));
    expect(error).toBe('customerUnknown');
  });
});

describe('a hostile body is refused in the one form', () => {
  const authorization = bearer;
  test.each<[string, string, string, number, string]>([
    ['no JSON', '/refills', '{', 400, 'requestMalformed'],
    ['nothing', '/refills', '', 400, 'requestMalformed'],
    ['null', '/refills', 'null', 400, 'requestMalformed'],
    ['a list', '/refills', '[]', 400, 'requestMalformed'],
    ['a field missing', '/refills', '{}', 400, 'requestMalformed'],
    ['a field too many', '/refills', '{"request":"00","x":1}', 400, 'requestMalformed'],
    ['a prototype', '/refills', '{"__proto__":{"request":"00"}}', 400, 'requestMalformed'],
    ['no hex', '/refills', '{"request":"xyz"}', 400, 'requestMalformed'],
    ['bytes that are no request', '/refills', '{"request":"00"}', 400, 'documentMalformed'],
    [
      'a document too long',
      '/refills',
      `{"request":"${'00'.repeat(1_025)}"}`,
      400,
      'requestMalformed',
    ],
    [
      'a negative amount',
      '/pool/purchases',
      `{"requestId":"${'00'.repeat(16)}","amount":-1}`,
      400,
      'requestMalformed',
    ],
    [
      'amount 0',
      '/pool/purchases',
      `{"requestId":"${'00'.repeat(16)}","amount":0}`,
      400,
      'requestMalformed',
    ],
    [
      'a fraction',
      '/pool/purchases',
      `{"requestId":"${'00'.repeat(16)}","amount":0.5}`,
      400,
      'requestMalformed',
    ],
    [
      'an amount of 49 bits',
      '/pool/purchases',
      `{"requestId":"${'00'.repeat(16)}","amount":281474976710656}`,
      400,
      'requestMalformed',
    ],
    [
      'a field of the path said twice',
      '/customers/1/payments',
      '{"customerId":2}',
      400,
      'requestMalformed',
    ],
    [
      'too many bytes',
      '/refills',
      `{"request":"${'0'.repeat(BODY_SIZE_MAX)}"}`,
      413,
      'bodyTooLarge',
    ],
    ['a path that leads nowhere', '/nowhere', '{}', 404, 'routeUnknown'],
    ['a path that is not text', '/%ff', '{}', 404, 'routeUnknown'],
    ['a customer number with letters', '/customers/1x/payments', '{}', 400, 'requestMalformed'],
    ['a customer that does not exist', '/customers/7/closure', '{}', 404, 'customerUnknown'],
  ])('%s', async (_, path, body, status, error) => {
    const books = await booksOf(office, []);

    const answer = await post(path, body, { authorization });

    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({
      error,
      message: expect.stringMatching(/\w+/),
      advice: expect.stringMatching(/^(retry|wait|act|final)$/),
    });
    expect(await booksOf(office, [])).toEqual(books);
    expect(faults).toEqual([]);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])(
    'of the type %s',
    async (type) => {
      const answer = await post('/refills', '{"request":"00"}', { 'content-type': type });

      expect(answer).toMatchObject({ status: 415, body: { error: 'mediaTypeWrong' } });
    },
  );

  test('any JSON at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), async (json) => {
        const { status, body } = await post('/refills', json);
        expect([400, 404]).toContain(status);
        expect(Object.keys(body)).toEqual(['error', 'message', 'advice']);
      }),
      { numRuns: 50 },
    );
    expect(faults).toEqual([]);
  });

  test('what is not HTTP is answered and closed, and the server goes on', async () => {
    const { port, hostname } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.write('\xaa\x00\x01garbage\r\n\r\n');

    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);

    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1.1 400 /);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });
});

test('it listens on this machine only', () => {
  expect(new URL(server.url).hostname).toBe('127.0.0.1');
});

test('a fault inside is told to the operator and not to the caller', async () => {
  await office.provider[Symbol.asyncDispose]();

  const answer = await post('/customers', '{"name":"x"}', { authorization: bearer });

  expect(answer.status).toBe(500);
  expect(answer.body).toEqual({
    error: 'internalFault',
    message: httpRefusals.internalFault.text,
    advice: 'retry',
  });
  expect(faults).toHaveLength(1);
});

describe('the client tells apart', () => {
  test('a refusal', async () => {
    const client = httpClient(providerRoutes, { url: server.url, token });

    const refusal = await client.readCustomer({ customerId: 9 }).catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(ServerRefusedError);
    expect(refusal).toMatchObject({
      error: 'customerUnknown',
      advice: 'act',
      message: providerRefusals.customerUnknown.text,
    });
  });

  test('nobody there', async () => {
    const { url } = server;
    await server[Symbol.asyncDispose]();
    const client = httpClient(providerRoutes, { url });

    await expect(client.identity({})).rejects.toThrow(ServerLinkError);
  });

  test('an answer that is not of its route', async () => {
    const client = httpClient(
      { key: { ...authorityRoutes.key, path: '/health' } },
      { url: authorityServer.url },
    );

    await expect(client.key({})).rejects.toThrow(/answered in a form that is not known here/);
  });

  test('a caller who gave up', async () => {
    const client = httpClient(providerRoutes, { url: server.url });
    const reason = new DOMException('given up', 'AbortError');

    await expect(client.identity({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

test('closing lets a request that has arrived be answered', async () => {
  const { meter } = await makeCustomer(office);
  const request = signRequest(meter);
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const { promise: mayAnswer, resolve: letAnswer } = Promise.withResolvers<void>();
  const slow = await serve({
    name: 'provider',
    routes: providerRoutes,
    services: {
      ...office.provider,
      async refill(asked) {
        arrive();
        await mayAnswer;
        return office.provider.refill(asked);
      },
    },
    refusals: providerRefusals,
    token,
    port: 0,
    onFault: (fault) => faults.push(fault),
  });
  const answer = httpClient(providerRoutes, { url: slow.url }).refill({ request });
  await arrived;

  const closed = slow[Symbol.asyncDispose]();
  letAnswer();

  expect(await answer).toEqual({ authorisation: expect.any(Uint8Array) });
  await closed;
});
