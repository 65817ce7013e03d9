/** What can be done to an emulated board from outside, each declared once: HTTP, OpenAPI, client and object are made from it. */

import type { Shape } from '#protocol/http/shape';

export interface Operation<Request, Response> {
  /** A `read` changes nothing and asks nothing; it is a GET. A `change` is a POST. */
  readonly kind: 'read' | 'change';
  /** `host`: it opens or closes ports of this computer, which takes somebody who does (control/perform.ts). */
  readonly needs: 'board' | 'host';
  readonly summary: string;
  readonly request: Shape<Request> & { readonly fields: Readonly<Record<string, Shape<unknown>>> };
  readonly response: Shape<Response>;
}

export function operation<Request, Response>(
  declared: Operation<Request, Response>,
): Operation<Request, Response> {
  return declared;
}

export type RequestOf<O> = O extends Operation<infer Request, infer _> ? Request : never;
export type ResponseOf<O> = O extends Operation<infer _, infer Response> ? Response : never;

/** An operation without the types of its bodies, for whoever walks over a table. */
export type AnyOperation = Operation<unknown, unknown>;

/** All paths begin with it; a change that an older client would not bear gets another one. */
export const CONTROL_ROOT = '/v1';
export const pathOf = (name: string): string => `${CONTROL_ROOT}/${name}`;
export const EVENTS_PATH = pathOf('events');
export const OPEN_API_PATH = '/openapi.json';
