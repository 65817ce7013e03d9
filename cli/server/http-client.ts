/** Calls a server by its route table: one method for each route, every answer checked against the shape of its route. */

import {
  type AnyRoute,
  pathFields,
  type RequestOf,
  type ResponseOf,
  routesOf,
} from '#protocol/http/route';
import { choice, record, type Shape, ShapeError, text } from '#protocol/http/shape';
import type { Advice } from '#protocol/status';

/** How long an answer may take, milliseconds, unless told otherwise. */
const ANSWER_TIMEOUT_MS = 10_000;

/** The server refused; nothing has changed there. */
export class ServerRefusedError extends Error {
  override readonly name = 'ServerRefusedError';
  /** The name of the refusal in the server's catalogue. */
  readonly error: string;
  readonly advice: Advice;

  constructor(error: string, message: string, advice: Advice) {
    super(message);
    this.error = error;
    this.advice = advice;
  }
}

/** There was no answer, or none that can be read: the request may have been performed, and may be repeated. */
export class ServerLinkError extends Error {
  override readonly name = 'ServerLinkError';
}

/** The part of the web's `fetch` that is used here. */
export type Fetch = (
  url: URL,
  request: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | null;
    readonly signal: AbortSignal;
    readonly redirect: 'error';
  },
) => Promise<Pick<Response, 'ok' | 'json'>>;

export interface ClientOptions {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** The operator's token, for the routes that need it. */
  readonly token?: Uint8Array;
  readonly timeoutMs?: number;
  /** What carries the requests; the one of this computer unless given. */
  readonly fetch?: Fetch;
}

/** One method for each route of a table. */
export type HttpClient<R> = {
  readonly [K in keyof R]: (
    request: RequestOf<R[K]>,
    options?: { readonly signal?: AbortSignal },
  ) => Promise<ResponseOf<R[K]>>;
};

/**
 * A client of the server at an address.
 * Its methods throw {@link ServerRefusedError}, {@link ServerLinkError}, or the reason of the signal.
 */
export function httpClient<R extends object>(routes: R, options: ClientOptions): HttpClient<R> {
  const methods = routesOf(routes).map(([name, route]) => [
    name,
    (request: unknown, { signal }: { signal?: AbortSignal } = {}) =>
      call(route, options, request, signal),
  ]);
  return Object.fromEntries(methods);
}

async function call(
  route: AnyRoute,
  { url, token, timeoutMs = ANSWER_TIMEOUT_MS, fetch = globalThis.fetch }: ClientOptions,
  request: unknown,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const fields = route.request.encode(request) as Readonly<Record<string, unknown>>;
  const inPath = pathFields(route.path);
  const path = route.path.replace(/:(\w+)/g, (_, name) => encodeURIComponent(String(fields[name])));
  const body = Object.fromEntries(
    Object.entries(fields).filter(([name]) => !inPath.includes(name)),
  );
  const limit = AbortSignal.timeout(timeoutMs);
  const headers: Record<string, string> = {};
  if (route.method === 'POST') headers['content-type'] = 'application/json';
  if (token !== undefined)
    headers['authorization'] = `Bearer ${Buffer.from(token).toString('hex')}`;
  let response: Awaited<ReturnType<Fetch>>;
  let json: unknown;
  try {
    response = await fetch(new URL(path, url), {
      method: route.method,
      headers,
      body: route.method === 'POST' ? JSON.stringify(body) : null,
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      redirect: 'error',
    });
    json = await response.json();
  } catch (cause) {
    signal?.throwIfAborted();
    const what = limit.aborted ? `did not answer within ${timeoutMs} ms` : 'cannot be reached';
    throw new ServerLinkError(`${url} ${what}: see that it runs, then repeat.`, { cause });
  }
  if (response.ok) return read(route.response, json, url);
  const { error, message, advice } = read(problemShape, json, url);
  throw new ServerRefusedError(error, message, advice);
}

const problemShape = record({
  error: text(100),
  message: text(2_000),
  advice: choice(['retry', 'wait', 'act', 'final']),
});

function read<T>(shape: Shape<T>, json: unknown, url: string): T {
  try {
    return shape.decode(json);
  } catch (cause) {
    if (!(cause instanceof ShapeError)) throw cause;
    throw new ServerLinkError(
      `${url} answered in a form that is not known here (${cause.message}): is it another version?`,
      { cause },
    );
  }
}
