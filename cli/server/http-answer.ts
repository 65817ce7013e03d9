/** What a route answers to a request, whatever carries both: the token, the shapes, the service, the refusal. */

import { timingSafeEqual } from 'node:crypto';
import {
  type Outcome,
  problemOf,
  type RefusalCatalogue,
  type RefusalEntry,
} from '#protocol/http/refusal';
import { type AnyRoute, pathFields, type RequestOf, type ResponseOf } from '#protocol/http/route';
import { ShapeError } from '#protocol/http/shape';

/** What a server offers. */
export interface ServedRoutes<R> {
  readonly routes: R;
  readonly services: {
    readonly [K in keyof R]: (
      request: RequestOf<R[K]>,
    ) => Promise<Outcome<ResponseOf<R[K]>, string>>;
  };
  readonly refusals: RefusalCatalogue;
  /** The operator's token. */
  readonly token: Uint8Array;
}

/** As it arrived: the parameters of the path as text, the body as JSON. */
export interface Asked {
  readonly params: unknown;
  readonly body: unknown;
}

export interface Answered {
  readonly status: number;
  readonly body: unknown;
}

type Service = (request: unknown) => Promise<Outcome<unknown, string>>;

/** @param authorization the header of this name */
export function mayAsk(
  { access }: AnyRoute,
  token: Uint8Array,
  authorization: string | undefined,
): boolean {
  return access === 'open' || isToken(authorization, token);
}

/** @throws ShapeError where the request does not have the shape of the route; what the service throws */
export async function answer<R>(
  { routes, services, refusals }: ServedRoutes<R>,
  name: string,
  { params, body }: Asked,
): Promise<Answered> {
  const route = (routes as Readonly<Record<string, AnyRoute>>)[name] as AnyRoute;
  const service = (services as Readonly<Record<string, Service>>)[name] as Service;
  const outcome = await service(route.request.decode(joined(route, params, body)));
  if (outcome.ok) return { status: 200, body: route.response.encode(outcome.value) };
  const { error, detail } = outcome;
  const entry = refusals[error] as RefusalEntry;
  return { status: entry.httpStatus, body: problemOf(error, entry, detail) };
}

/** The fields of a request from the path and the body; what the body says of a field of the path is refused. */
function joined(route: AnyRoute, params: unknown, body: unknown): unknown {
  if (route.method === 'GET') return fromPath(route, params);
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new ShapeError('the body must be an object');
  for (const name of pathFields(route.path))
    if (Object.hasOwn(body, name)) throw new ShapeError(`${name}: stands in the path already`);
  return { ...body, ...fromPath(route, params) };
}

/** A number in a path is text until here. */
function fromPath(route: AnyRoute, params: unknown): Readonly<Record<string, unknown>> {
  const given = params as Readonly<Record<string, string>>;
  return Object.fromEntries(
    pathFields(route.path).map((name) => {
      const value = given[name] ?? '';
      return [name, /^(?:0|[1-9]\d{0,15})$/.test(value) ? Number(value) : value];
    }),
  );
}

function isToken(authorization: string | undefined, token: Uint8Array): boolean {
  const digits = /^Bearer ([0-9a-f]+)$/.exec(authorization ?? '')?.[1] ?? '';
  const shown = Buffer.from(digits, 'hex');
  return shown.length === token.length && timingSafeEqual(shown, token);
}
