/**
 * Serves a route table over HTTP on this machine only (127.0.0.1): every body is checked against the shape of its route,
 * the operator's routes need the token, and whatever goes wrong is answered in one form: error, message, advice.
 */

import type { AddressInfo } from 'node:net';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import { type FileFields, type FileRoute, fileRoutesOf } from '#protocol/http/file-route';
import {
  type Outcome,
  type Problem,
  problemOf,
  type RefusalCatalogue,
  type RefusalEntry,
} from '#protocol/http/refusal';
import { type AnyRoute, routesOf } from '#protocol/http/route';
import { ShapeError } from '#protocol/http/shape';
import { answer, mayAsk, type ServedRoutes } from './http-answer.ts';

/** The largest body that is read: a full security log has 32 KiB, which are 64 KiB of digits. */
export const BODY_SIZE_MAX = 128 * 1024;
/** How long a client may take to send its request, milliseconds. */
const REQUEST_TIMEOUT_MS = 10_000;

/** What goes wrong before a service is reached, or inside it. */
export const httpRefusals = {
  requestMalformed: {
    httpStatus: 400,
    advice: 'final',
    text: 'The request does not have the shape of its route.',
  },
  tokenRequired: {
    httpStatus: 401,
    advice: 'act',
    text: "This route is the operator's: send the token of the server's directory as a bearer token.",
  },
  routeUnknown: { httpStatus: 404, advice: 'final', text: 'There is no such route.' },
  bodyTooLarge: {
    httpStatus: 413,
    advice: 'final',
    text: `A body has ${BODY_SIZE_MAX} bytes at most.`,
  },
  mediaTypeWrong: {
    httpStatus: 415,
    advice: 'final',
    text: 'A body is JSON: send it as application/json.',
  },
  internalFault: {
    httpStatus: 500,
    advice: 'retry',
    text: 'The server met a fault; the request may be repeated as it is.',
  },
} as const satisfies RefusalCatalogue;

export interface ServeOptions<R> extends ServedRoutes<R> {
  /** Named in the answer of /health. */
  readonly name: string;
  /** 0 for one that is free. */
  readonly port: number;
  /** Told of what only the operator should see: the fault behind an `internalFault`. */
  readonly onFault: (fault: unknown) => void;
  readonly files?: ServedFiles;
}

type FileService = (fields: FileFields, body: Uint8Array) => Promise<Outcome<Uint8Array, string>>;

/** Routes whose bodies are files. */
export interface ServedFiles {
  readonly routes: Readonly<Record<string, FileRoute>>;
  readonly services: Readonly<Record<string, FileService>>;
}

/** Served until it is disposed, which answers what has arrived and then closes. */
export interface HttpServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
}

/** @throws Error where the port is taken */
export async function serve<R extends object>(options: ServeOptions<R>): Promise<HttpServer> {
  const server = fastify({
    bodyLimit: BODY_SIZE_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    frameworkErrors: (_error, _request, reply) => refuse(reply, 'routeUnknown', httpRefusals),
  });
  server.removeContentTypeParser('text/plain');
  server.setNotFoundHandler((_request, reply) => refuse(reply, 'routeUnknown', httpRefusals));
  server.setErrorHandler<FastifyError>((error, _request, reply) => {
    const name = refusalOf(error);
    if (name === 'internalFault') options.onFault(error);
    return refuse(reply, name, httpRefusals, error instanceof ShapeError ? error.message : '');
  });
  server.get('/health', async () => ({ server: options.name, isServing: true }));
  for (const [name, route] of routesOf(options.routes)) addRoute(server, options, name, route);
  if (options.files !== undefined) addFiles(server, options.files, options.refusals);
  await server.listen({ host: '127.0.0.1', port: options.port });
  const { port } = server.server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => server.close() };
}

function addRoute<R>(
  server: FastifyInstance,
  served: ServeOptions<R>,
  name: string,
  route: AnyRoute,
): void {
  server.route({
    method: route.method,
    url: route.path,
    // before the body is read: whoever may not call a route cannot make it work
    onRequest: async (request, reply) => {
      if (mayAsk(route, served.token, request.headers.authorization)) return;
      void reply.header('www-authenticate', 'Bearer');
      await refuse(reply, 'tokenRequired', httpRefusals);
    },
    handler: async (request, reply) => {
      const { status, body } = await answer(served, name, request);
      return reply.code(status).send(body);
    },
  });
}

function addFiles(
  server: FastifyInstance,
  { routes, services }: ServedFiles,
  refusals: RefusalCatalogue,
): void {
  const entries = fileRoutesOf(routes);
  for (const type of new Set(entries.flatMap(([, { takes }]) => takes ?? [])))
    server.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
  for (const [name, { method, path, gives, takes }] of entries) {
    const [, rest] = /\*(\w+)$/.exec(path) ?? [];
    server.route({
      method,
      url: path.replace(/\*\w+$/, '*'),
      handler: async (request, reply) => {
        const params = request.params as Readonly<Record<string, string>>;
        const fields = rest === undefined ? params : { ...params, [rest]: params['*'] ?? '' };
        const isFile = takes !== undefined && Buffer.isBuffer(request.body);
        if (takes !== undefined && !isFile) return refuse(reply, 'mediaTypeWrong', httpRefusals);
        const body = isFile ? new Uint8Array(request.body as Buffer) : new Uint8Array(0);
        const outcome = await services[name]?.(fields, body);
        if (outcome === undefined) throw new Error(`nothing serves ${name}`);
        if (!outcome.ok) return refuse(reply, outcome.error, refusals, outcome.detail);
        return reply.type(gives).send(Buffer.from(outcome.value));
      },
    });
  }
}

function refusalOf(error: FastifyError | ShapeError): keyof typeof httpRefusals {
  if (error instanceof ShapeError) return 'requestMalformed';
  switch (error.statusCode) {
    case 413:
      return 'bodyTooLarge';
    case 415:
      return 'mediaTypeWrong';
    case 400:
      return 'requestMalformed';
    default:
      return 'internalFault';
  }
}

async function refuse(
  reply: FastifyReply,
  name: string,
  refusals: RefusalCatalogue,
  detail = '',
): Promise<FastifyReply> {
  const entry = refusals[name] as RefusalEntry;
  const problem: Problem = problemOf(name, entry, detail);
  return reply.code(entry.httpStatus).send(problem);
}
