/**
 * Serves the control of a board over HTTP to this computer alone: 127.0.0.1, by a name of this computer (a web page that
 * rebinds its own name to 127.0.0.1 is refused), JSON both ways, events as a stream that is cut where nobody reads it.
 */

import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Rig } from '../rig/rig.ts';
import { followEvents } from './events.ts';
import { openApiDocument } from './open-api.ts';
import { type AnyOperation, CONTROL_ROOT, EVENTS_PATH, OPEN_API_PATH } from './operation.ts';
import { type OperationName, operations, STATE_SIZE_MAX } from './operations.ts';
import { type ControlHost, type Performers, perform, performersOf, refused } from './perform.ts';
import type { ControlRefusal } from './refusals.ts';
import { controlEvent } from './shapes.ts';

/** Of every body but those with a state in them. */
const BODY_SIZE_MAX = 128 * 1024;
const STATE_BODY_SIZE_MAX = Math.ceil(STATE_SIZE_MAX / 3) * 4 + 1024;
/** Bytes of events that a reader may leave unread before it is cut. */
const UNREAD_SIZE_MAX = 256 * 1024;
export const STREAMS_MAX = 8;
const CONNECTIONS_MAX = 64;
/** How long a client may take to send its request, milliseconds. */
const HEAD_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
const TIMEOUT_CHECK_MS = 1_000;

export interface ControlServerOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number | undefined;
  /** Asked for as a bearer token where given. */
  readonly token?: string | undefined;
  readonly host?: ControlHost | undefined;
  /** Told of defects, whose asker hears `internalFault` only. */
  readonly onDefect?: ((defect: unknown) => void) | undefined;
}

/** Served until it is disposed of. */
export interface ControlServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Streams of events that are open now. */
  readonly streams: number;
}

/** @throws Error where the port is taken */
export async function serveControl(
  rig: Rig,
  options: ControlServerOptions = {},
): Promise<ControlServer> {
  const desk = new Desk(rig, options);
  const server = createServer({ connectionsCheckingInterval: TIMEOUT_CHECK_MS }, (request, reply) =>
    desk.take(request, reply),
  );
  server.maxConnections = CONNECTIONS_MAX;
  server.headersTimeout = HEAD_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: options.port ?? 0 }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  desk.port = port;
  return {
    url: `http://127.0.0.1:${port}`,
    get streams() {
      return desk.streams;
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Refuses a request; thrown on the way to the operation. */
class Refusal extends Error {
  readonly refusal: ControlRefusal;
  constructor(refusal: ControlRefusal) {
    super(refusal);
    this.refusal = refusal;
  }
}

class Desk {
  port = 0;
  streams = 0;
  readonly #rig: Rig;
  readonly #performers: Performers;
  readonly #token: string | undefined;
  readonly #onDefect: (defect: unknown) => void;

  constructor(rig: Rig, { host, token, onDefect = () => undefined }: ControlServerOptions) {
    this.#rig = rig;
    this.#performers = performersOf(rig, host);
    this.#token = token;
    this.#onDefect = onDefect;
  }

  /** Answers one request, whatever it is. */
  take(request: IncomingMessage, reply: ServerResponse): void {
    reply.on('error', () => undefined); // the asker went away
    this.#answer(request, reply).catch((cause: unknown) => {
      const name = cause instanceof Refusal ? cause.refusal : 'internalFault';
      if (name === 'internalFault') this.#onDefect(cause);
      if (reply.headersSent) reply.destroy();
      else this.#refuse(request, reply, name);
    });
  }

  async #answer(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    this.#admit(request);
    const path = request.url?.split('?', 1)[0] ?? '';
    if (path === EVENTS_PATH || path === OPEN_API_PATH) {
      if (request.method !== 'GET') throw new Refusal('methodWrong');
      if (path === EVENTS_PATH) this.#stream(reply);
      else send(reply, 200, openApiDocument());
      return;
    }
    const name = path.startsWith(`${CONTROL_ROOT}/`) ? path.slice(CONTROL_ROOT.length + 1) : '';
    if (!Object.hasOwn(operations, name)) throw new Refusal('operationUnknown');
    await this.#perform(name as OperationName, request, reply);
  }

  async #perform(
    name: OperationName,
    request: IncomingMessage,
    reply: ServerResponse,
  ): Promise<void> {
    const { kind, response } = operations[name] as AnyOperation;
    if (request.method !== (kind === 'read' ? 'GET' : 'POST')) throw new Refusal('methodWrong');
    const sizeMax = name === 'restore' ? STATE_BODY_SIZE_MAX : BODY_SIZE_MAX;
    const json = kind === 'read' ? {} : await bodyOf(request, sizeMax);
    const performed = await perform(this.#performers, name, json);
    if (performed.ok) send(reply, 200, response.encode(performed.value));
    else send(reply, performed.status, performed.problem);
  }

  /** @throws Refusal where this asker may not ask */
  #admit({ headers }: IncomingMessage): void {
    const names = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${this.port}`);
    const { host = '', origin, authorization } = headers;
    if (!names.includes(host)) throw new Refusal('hostWrong');
    if (origin !== undefined && !names.some((name) => origin === `http://${name}`))
      throw new Refusal('hostWrong');
    if (this.#token !== undefined && !isToken(authorization, this.#token))
      throw new Refusal('tokenRequired');
  }

  #stream(reply: ServerResponse): void {
    if (this.streams >= STREAMS_MAX) throw new Refusal('tooManyStreams');
    this.streams += 1;
    reply.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const end = followEvents(this.#rig, (event) => {
      if (reply.destroyed) return;
      const data = JSON.stringify(controlEvent.encode(event));
      reply.write(`id: ${event.number}\nevent: ${event.kind}\ndata: ${data}\n\n`);
      if (reply.writableLength > UNREAD_SIZE_MAX) reply.destroy();
    });
    reply.on('close', () => {
      this.streams -= 1;
      end();
    });
  }

  #refuse(request: IncomingMessage, reply: ServerResponse, name: ControlRefusal): void {
    const { status, problem } = refused(name);
    if (name === 'tokenRequired') reply.setHeader('www-authenticate', 'Bearer');
    // What is left of a body is not read: the connection ends with the answer.
    if (!request.complete) reply.setHeader('connection', 'close');
    send(reply, status, problem);
  }
}

function send(reply: ServerResponse, status: number, json: unknown): void {
  const body = JSON.stringify(json);
  reply.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  reply.end(body);
}

/** A body that is left out is an empty object. @throws Refusal */
async function bodyOf(request: IncomingMessage, sizeMax: number): Promise<unknown> {
  if (Number(request.headers['content-length'] ?? 0) > sizeMax) throw new Refusal('bodyTooLarge');
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > sizeMax) throw new Refusal('bodyTooLarge');
    parts.push(part);
  }
  // A form of a web page could come without a type of ours: what changes anything says what it is.
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  if (type.trim().toLowerCase() !== 'application/json') throw new Refusal('mediaTypeWrong');
  if (size === 0) return {};
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    throw new Refusal('requestMalformed');
  }
}

function isToken(authorization: string | undefined, token: string): boolean {
  const shown = Buffer.from(/^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? '');
  const expected = Buffer.from(token);
  return shown.length === expected.length && timingSafeEqual(shown, expected);
}
