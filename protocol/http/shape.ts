/**
 * The shapes of JSON bodies, declared once as values: the server reads requests with them, the client reads answers.
 *
 * Bytes travel as lower-case hexadecimal, money as a whole number of mills. Whatever a shape does not name is refused.
 */

import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { MILLS_MAX, type Mills, mills } from '../mills.ts';

/** What a JSON Schema says of a shape, as OpenAPI 3.1 takes it: true of every value the shape takes, if not all that is. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly [keyword: string]: unknown;
}

export interface Shape<T> {
  /** How a person reads it in docs/http.md. */
  readonly describe: string;
  readonly schema: JsonSchema;
  /** @throws ShapeError where the JSON value does not have the shape */
  decode(json: unknown): T;
  encode(value: T): unknown;
}

export type ShapeValue<S> = S extends Shape<infer T> ? T : never;

/** Says which part of a body is wrong and what it must be; never what it was. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';

  static at(place: string, cause: unknown): ShapeError {
    if (!(cause instanceof ShapeError)) throw cause;
    return new ShapeError(`${place}: ${cause.message}`);
  }
}

function shape<T>(
  describe: string,
  schema: JsonSchema,
  decode: (json: unknown) => T | undefined,
  encode: (value: T) => unknown = (value) => value,
): Shape<T> {
  return {
    describe,
    schema: { ...schema, description: describe },
    encode,
    decode(json) {
      const value = decode(json);
      if (value === undefined) throw new ShapeError(`must be ${describe}`);
      return value;
    },
  };
}

/** Bytes as hexadecimal, `minimum` to `maximum` of them. */
export function hex(minimum: number, maximum = minimum): Shape<Uint8Array> {
  const size = minimum === maximum ? `${minimum}` : `${minimum} to ${maximum}`;
  return shape(
    `${size} bytes in hexadecimal`,
    { type: 'string', pattern: `^([0-9a-f]{2}){${minimum},${maximum}}$` },
    (json) => {
      if (typeof json !== 'string' || json.length % 2 !== 0 || /[^0-9a-f]/.test(json))
        return undefined;
      const length = json.length / 2;
      return length < minimum || length > maximum ? undefined : hexToBytes(json);
    },
    bytesToHex,
  );
}

/** A whole number between two bounds, both included. */
export function whole(minimum: number, maximum: number): Shape<number> {
  return shape(
    `a whole number from ${minimum} to ${maximum}`,
    { type: 'integer', minimum, maximum },
    (json) =>
      Number.isSafeInteger(json) && (json as number) >= minimum && (json as number) <= maximum
        ? (json as number)
        : undefined,
  );
}

const asMills = (json: unknown, least: number): Mills | undefined =>
  Number.isSafeInteger(json) && (json as number) >= least && (json as number) <= MILLS_MAX
    ? mills(json as number)
    : undefined;

/** Money: whole mills, 0 to 281,474,976,710,655. */
export const amount: Shape<Mills> = shape(
  'whole mills, 0 or more',
  { type: 'integer', minimum: 0, maximum: MILLS_MAX },
  (json) => asMills(json, 0),
);
/** Money that must not be nothing. */
export const positiveAmount: Shape<Mills> = shape(
  'whole mills, 1 or more',
  { type: 'integer', minimum: 1, maximum: MILLS_MAX },
  (json) => asMills(json, 1),
);

export const flag: Shape<boolean> = shape('true or false', { type: 'boolean' }, (json) =>
  typeof json === 'boolean' ? json : undefined,
);

/** A line of text without control characters, 1 to `maximum` UTF-16 units. */
export function text(maximum: number): Shape<string> {
  return shape(
    `text of 1 to ${maximum} characters`,
    { type: 'string', minLength: 1, maxLength: maximum },
    (json) =>
      typeof json === 'string' && json.length > 0 && json.length <= maximum && !/\p{Cc}/u.test(json)
        ? json
        : undefined,
  );
}

/** Text that a parser of ours turns into a value. */
export function parsed<T>(
  describe: string,
  parse: (text: string) => T | undefined,
  format: (value: T) => string,
): Shape<T> {
  return shape(
    describe,
    { type: 'string' },
    (json) => (typeof json === 'string' ? parse(json) : undefined),
    format,
  );
}

export function choice<const T extends readonly string[]>(names: T): Shape<T[number]> {
  return shape(`one of ${names.join(', ')}`, { type: 'string', enum: names }, (json) =>
    names.find((name) => name === json),
  );
}

/** Either the shape or null, which is undefined on our side; a field of a record that is null may be left out. */
export function nullable<T>(inner: Shape<T>): Shape<T | undefined> {
  return {
    describe: `${inner.describe}, or null`,
    schema: { anyOf: [inner.schema, { type: 'null' }] },
    decode: (json) => (json === null || json === undefined ? undefined : inner.decode(json)),
    encode: (value) => (value === undefined ? null : inner.encode(value)),
  };
}

export function list<T>(inner: Shape<T>, maximum: number): Shape<readonly T[]> {
  return {
    describe: `at most ${maximum} of [${inner.describe}]`,
    schema: { type: 'array', items: inner.schema, maxItems: maximum },
    decode(json) {
      if (!Array.isArray(json) || json.length > maximum)
        throw new ShapeError(`must be a list of at most ${maximum}`);
      return json.map((item, place) => {
        try {
          return inner.decode(item);
        } catch (cause) {
          throw ShapeError.at(`[${place}]`, cause);
        }
      });
    },
    encode: (value) => value.map((item) => inner.encode(item)),
  };
}

type Fields = Readonly<Record<string, Shape<unknown>>>;
/** The fields of a record that may be left out: those that may be null. */
type Optional<F> = { [K in keyof F]: undefined extends ShapeValue<F[K]> ? K : never }[keyof F];
type RecordOf<F> = { readonly [K in Exclude<keyof F, Optional<F>>]: ShapeValue<F[K]> } & {
  readonly [K in Optional<F>]?: ShapeValue<F[K]>;
};

const mayBeNull = (field: Shape<unknown> | undefined): boolean => {
  try {
    return field?.decode(null) === undefined;
  } catch {
    return false; // a shape says no by throwing
  }
};

/** An object with exactly these fields. */
export function record<F extends { readonly [K in keyof F]: Shape<never> | Shape<unknown> }>(
  declared: F,
): Shape<RecordOf<F>> & { readonly fields: Fields } {
  const fields = declared as unknown as Fields;
  const required = Object.keys(fields).filter((name) => !mayBeNull(fields[name]));
  return {
    describe: `{ ${Object.entries(fields)
      .map(([name, field]) => `${name}: ${field.describe}`)
      .join('; ')} }`,
    schema: {
      type: 'object',
      properties: Object.fromEntries(
        Object.entries(fields).map(([name, { schema }]) => [name, schema]),
      ),
      required,
      additionalProperties: false,
    },
    fields,
    decode(json) {
      if (typeof json !== 'object' || json === null || Array.isArray(json))
        throw new ShapeError('must be an object');
      const given = new Map(Object.entries(json));
      for (const name of given.keys())
        if (!Object.hasOwn(fields, name)) throw new ShapeError('has a field that is not known');
      const decoded = Object.entries(fields).map(([name, field]) => {
        try {
          return [name, field.decode(given.get(name))];
        } catch (cause) {
          throw ShapeError.at(name, cause);
        }
      });
      return Object.fromEntries(decoded) as RecordOf<F>;
    },
    encode(value) {
      const given = value as Readonly<Record<string, unknown>>;
      return Object.fromEntries(
        Object.entries(fields).map(([name, field]) => [name, field.encode(given[name])]),
      );
    },
  };
}
