/** `tessera postmark serve`: an RFC 3161 time-stamp service over HTTP on this computer (RFC 3161 3.4), paid by the meter. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LinkError, RefusedError } from '#driver/errors';
import { answerQuery, type StampAnswer } from '#driver/evidence/postmark/answer';
import type { StampRequest } from '#driver/evidence/postmark/exchange';
import { ownTimeStamp, type StampKey, stamp } from '#driver/evidence/postmark/stamp';
import type { Meter } from '#driver/meter';
import { knownCertificates } from '../../certificate-files.ts';
import { underWay } from '../../evidence-file.ts';
import type { Home } from '../../home.ts';
import { interrupted } from '../../interrupt.ts';
import { type OpenSession, sessionFor } from '../../meter-access.ts';
import type { Output } from '../../output.ts';
import { type KeyOptions, keepSettled, stampKeyOf } from './stamp.ts';
import { stampFigures } from './tell.ts';

export interface ServeOptions extends KeyOptions {
  readonly listen: number;
}

const QUERY = 'application/timestamp-query';
const REPLY = 'application/timestamp-reply';
/** More than any query has. */
const QUERY_SIZE_MAX = 4096;
/** Queries that wait for the meter; one more is told to come again. */
const WAITING_MAX = 64;
/** How long a client may take to send its query, milliseconds. */
const REQUEST_TIMEOUT_MS = 10_000;
/** Statuses about state, role and session (protocol/status.ts). */
const SESSION_RANGE = 0x02;

export async function serveStamps(
  options: ServeOptions,
  home: Home,
  output: Output,
): Promise<number> {
  const certificates = knownCertificates(home, ...(options.certificate ?? []));
  using interrupt = interrupted();
  await using session = await sessionFor(home, 'user', options);
  await session.logIn();
  const key = await stampKeyOf(session.meter, certificates, options, home);
  const queue = createQueue();
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    const task = () => answerOne(request, response, { session, key, home, output, queue });
    task().catch((error: unknown) => {
      output.say('fault', { message: String(error) }, `fault: ${String(error)}`);
      if (!response.headersSent) refuse(response, 500, 'The service met a fault.');
    });
  });
  await listen(server, options.listen);
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  output.say('ready', { url, key: key.number }, `time-stamps at ${url}, by key ${key.number}`);
  await interrupt.promise;
  // Whoever was heard is answered; what waits for its next request is not waited for.
  const ended = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  await ended;
  output.say('ended', { stamped: queue.stamped }, `ended; ${queue.stamped} postmarks given`);
  return 0;
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

interface Queue {
  stamped: number;
  readonly isFull: boolean;
  /** One after the other: a meter does one thing at a time. */
  inTurn<T>(task: () => Promise<T>): Promise<T>;
}

function createQueue(): Queue {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  return {
    stamped: 0,
    get isFull() {
      return waiting >= WAITING_MAX;
    },
    inTurn(task) {
      waiting += 1;
      const mine = last.then(task).finally(() => {
        waiting -= 1;
      });
      last = mine.catch(() => undefined); // whoever asked is told; the next one does not suffer
      return mine;
    },
  };
}

interface Service {
  readonly session: OpenSession;
  readonly key: StampKey;
  readonly home: Home;
  readonly output: Output;
  readonly queue: Queue;
}

async function answerOne(
  request: IncomingMessage,
  response: ServerResponse,
  service: Service,
): Promise<void> {
  const { queue, output } = service;
  if (request.method !== 'POST')
    return refuse(response.setHeader('allow', 'POST'), 405, 'Send a query with POST.');
  if (request.headers['content-type']?.split(';')[0]?.trim() !== QUERY)
    return refuse(response, 415, `A query is of type ${QUERY}.`);
  const query = await bodyOf(request);
  if (query === undefined)
    return refuse(response, 413, `A query has ${QUERY_SIZE_MAX} bytes at most.`);
  if (queue.isFull)
    return refuse(response.setHeader('retry-after', '5'), 503, 'Too many wait: come again.');
  const answer = await queue.inTurn(() => answerQuery(query, (asked) => give(asked, service)));
  response.writeHead(200, { 'content-type': REPLY }).end(answer.response);
  tell(answer, output);
}

function tell({ failure, why }: StampAnswer, output: Output): void {
  if (failure !== undefined) output.say('refused', { failure, why }, `refused: ${failure}, ${why}`);
}

async function give(asked: StampRequest, service: Service): Promise<Uint8Array> {
  const { session, key, home, output, queue } = service;
  const { digest, nonce, wantsCertificate } = asked;
  const options = { nonce, ...(wantsCertificate ? {} : { enclosed: [] }) };
  const token = await standing(session, (meter) =>
    stamp(
      meter,
      underWay(home, meter),
      key,
      { digest },
      {
        ...options,
        onSettled: (settled) => void keepSettled(home, key, settled, output),
      },
    ),
  );
  queue.stamped += 1;
  const figures = stampFigures(ownTimeStamp(token));
  output.say('stamped', figures, `postmark ${figures['serial']} of ${figures['time']}`);
  return token;
}

/** Does it in a session with the user logged in, which is opened again where it had ended. */
async function standing<T>(session: OpenSession, task: (meter: Meter) => Promise<T>): Promise<T> {
  const { meter } = session;
  try {
    return await task(meter);
  } catch (error) {
    const isOver = error instanceof RefusedError && error.code >> 8 === SESSION_RANGE;
    if (!isOver && !(error instanceof LinkError)) throw error;
    await meter.reconnect();
    await session.logIn();
    return await task(meter);
  }
}

/** Undefined where it is too long, which is not read to its end. */
async function bodyOf(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).length;
    if (size > QUERY_SIZE_MAX) return undefined;
    parts.push(part as Buffer);
  }
  return Uint8Array.from(Buffer.concat(parts));
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response
    .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
    .end(`${text}\n`);
}
