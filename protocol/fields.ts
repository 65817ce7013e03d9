/** The field types that every layout is made of; little-endian, money in mills (requirements.md, preamble). */

import * as P from 'micro-packed';
import { type Mills, mills } from './mills.ts';
import { ok, type Result, refuse } from './result.ts';
import type { RefusalName } from './status.ts';

export const u8 = P.U8;
export const u16 = P.U16LE;
export const u24 = P.int(3, true);
export const u32 = P.U32LE;
export const u40 = P.int(5, true);
export const u48 = P.int(6, true);

const asMills = {
  encode: (value: number): Mills => mills(value),
  decode: (value: Mills): number => value,
};
/** Postage: 0 to 16,777.215. */
export const mills24: P.CoderType<Mills> = P.apply(u24, asMills);
/** The descending register in an indicium: 0 to 4,294,967.295. */
export const mills32: P.CoderType<Mills> = P.apply(u32, asMills);
/** The ascending register in an indicium. */
export const mills40: P.CoderType<Mills> = P.apply(u40, asMills);
/** A register or an amount of a refill. */
export const mills48: P.CoderType<Mills> = P.apply(u48, asMills);

/** A variable part of at most 65,535 bytes behind its length. */
export const bytes16: P.CoderType<Uint8Array> = P.prefix(u16, P.bytes(null));
/** A short secret or text of at most 255 bytes behind its length. */
export const bytes8: P.CoderType<Uint8Array> = P.prefix(u8, P.bytes(null));
/** All that is left. */
export const rest: P.CoderType<Uint8Array> = P.bytes(null);
export const bytes = (size: number): P.CoderType<Uint8Array> => P.bytes(size);

/** A list behind its length. */
export const listOf = <T>(
  length: P.CoderType<number>,
  item: P.CoderType<T>,
): P.CoderType<readonly T[]> =>
  P.array(length, item) as P.CoderType<unknown> as P.CoderType<readonly T[]>;

/** One of a closed list of names, as one byte: its place in the list. */
export function oneOf<const T extends readonly string[]>(names: T): P.CoderType<T[number]> {
  return P.apply(u8, {
    encode: (place: number): T[number] => {
      const name = names[place];
      if (name === undefined) throw new RangeError(`${place} names nothing in ${names.join(', ')}`);
      return name;
    },
    decode: (name: T[number]): number => names.indexOf(name),
  });
}

/** Yes-or-no facts in one byte, the first name in the lowest bit; bits without a name are zero. */
export function flags<const T extends readonly string[]>(
  names: T,
): P.CoderType<Readonly<Record<T[number], boolean>>> {
  return P.apply(u8, {
    encode: (byte: number) => {
      if (byte >= 2 ** names.length) throw new RangeError('a reserved bit is set');
      const facts = names.map((name, bit) => [name, ((byte >> bit) & 1) === 1]);
      return Object.fromEntries(facts) as Record<T[number], boolean>;
    },
    decode: (facts: Readonly<Record<T[number], boolean>>): number =>
      names.reduce((byte, name: T[number], bit) => byte | ((facts[name] ? 1 : 0) << bit), 0),
  });
}

/**
 * Decodes bytes that came from outside: all of them, nothing left over.
 * @param status the refusal to give where they do not have the layout
 */
export function decode<T>(coder: P.CoderType<T>, data: Uint8Array, status: RefusalName): Result<T> {
  try {
    return ok(coder.decode(data));
  } catch {
    return refuse(status); // micro-packed tells a wrong layout by throwing; the reason is of no use to the other side
  }
}
