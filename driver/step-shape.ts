/** Whether what a line of a journal holds is a step at all: its check sum says only that it is as it was written. */

import { parsed, record, type Shape, ShapeError, whole } from '#protocol/http/shape';

/** Any text at all: what people and programs give as a name or a reason. */
export const anyText: Shape<string> = parsed(
  'text',
  (text) => text,
  (text) => text,
);
export const count = whole(0, Number.MAX_SAFE_INTEGER);
export const requestIdShape = record({ counter: count, nonce: count });

/** The shape of a step by its name, in the field `step`. */
export function isStepOf(
  shapes: Readonly<Record<string, Shape<unknown>>>,
  value: unknown,
): value is { readonly step: string } {
  if (typeof value !== 'object' || value === null || !('step' in value)) return false;
  const { step } = value;
  if (typeof step !== 'string' || !Object.hasOwn(shapes, step)) return false;
  try {
    shapes[step]?.decode(value);
    return true;
  } catch (error) {
    if (error instanceof ShapeError) return false;
    throw error;
  }
}
