/** Bodies of requests to authority and provider, as JSON: a shape refuses by its own error, and what it takes has one form. */

import { authorityRoutes } from '#authority/routes';
import { type AnyRoute, routesOf } from '#protocol/http/route';
import { type Shape, ShapeError } from '#protocol/http/shape';
import { providerRoutes } from '#provider/routes';
import { hold, type Target } from '../target.ts';

const routes: readonly AnyRoute[] = [...routesOf(authorityRoutes), ...routesOf(providerRoutes)].map(
  ([, route]) => route,
);
/** A request and an answer of each. */
const shapes: readonly Shape<unknown>[] = routes.flatMap(({ request, response }) => [
  request,
  response,
]);

function parsed(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return undefined; // the server refuses that before a shape sees it
  }
}

function takeBody(shape: Shape<unknown>, json: unknown): void {
  let value: unknown;
  try {
    value = shape.decode(json);
  } catch (error) {
    if (error instanceof ShapeError) return;
    throw error;
  }
  const encoded = shape.encode(value);
  const again = shape.encode(shape.decode(encoded));
  hold(JSON.stringify(again) === JSON.stringify(encoded), 'a body has one form');
}

const CANDIDATES: readonly unknown[] = [
  null,
  0,
  1,
  19_700_101,
  20_260_301,
  true,
  'TS01-0000000042',
  'TS01',
  'a name',
  'purchase',
  [],
  {},
  ...[0, 1, 4, 6, 8, 12, 16, 24, 32, 33, 64, 128, 130].map((size) => '0a'.repeat(size)),
];

/** JSON that a shape takes, as far as it can be found by trying: each field by itself. */
function sampleOf(shape: Shape<unknown> & { readonly fields?: object }): unknown {
  if (shape.fields !== undefined)
    return Object.fromEntries(
      Object.entries(shape.fields as Readonly<Record<string, Shape<unknown>>>).map(
        ([name, field]) => [name, sampleOf(field)],
      ),
    );
  const names = /^one of (.*?)(?:, or null)?$/.exec(shape.describe)?.[1]?.split(', ') ?? [];
  return [...names, ...CANDIDATES.toReversed()].find((candidate) => {
    try {
      shape.decode(candidate);
      return true;
    } catch {
      return false; // of another shape
    }
  });
}

export const httpTarget: Target = {
  name: 'http bodies',
  scope: ['protocol/http/', 'protocol/mills.ts', 'protocol/documents/meter-id.ts'],
  sizeMax: 1_000,
  share: 0.3,
  seeds: () =>
    shapes.map((shape, number) =>
      Uint8Array.of(number, ...Buffer.from(JSON.stringify(sampleOf(shape) ?? null))),
    ),
  run(input) {
    const shape = shapes[(input[0] ?? 0) % shapes.length];
    const body = parsed(Buffer.from(input.subarray(1)).toString());
    if (shape !== undefined && body !== undefined) takeBody(shape, body.json);
  },
};
