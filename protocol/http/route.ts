/**
 * The route table of a server, declared once: the HTTP server, the typed client and docs/http.md are made from it.
 */

import type { Shape } from './shape.ts';

export interface Route<Request, Response> {
  readonly method: 'GET' | 'POST';
  /** A `:name` in the path is the field of that name of the request; the other fields are in the body. */
  readonly path: string;
  /** `open`: for everybody, because what arrives is signed or public. `token`: for whoever holds the operator's token. */
  readonly access: 'open' | 'token';
  readonly summary: string;
  readonly request: Shape<Request> & { readonly fields: Readonly<Record<string, Shape<unknown>>> };
  readonly response: Shape<Response>;
}

export function route<Request, Response>(
  declared: Route<Request, Response>,
): Route<Request, Response> {
  return declared;
}

export type RequestOf<R> = R extends Route<infer Request, infer _> ? Request : never;
export type ResponseOf<R> = R extends Route<infer _, infer Response> ? Response : never;

/** A route without the types of its bodies, for whoever walks over a table. */
export type AnyRoute = Route<unknown, unknown>;

export function routesOf(routes: object): readonly (readonly [string, AnyRoute])[] {
  return Object.entries(routes) as [string, AnyRoute][];
}

/** The names of the fields that stand in the path. */
export function pathFields(path: string): readonly string[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
}
