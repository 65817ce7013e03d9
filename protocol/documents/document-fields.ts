/** The field types that only documents have; like those of protocol/fields.ts they refuse what they may not hold. */

import * as P from 'micro-packed';
import { PUBLIC_KEY_SIZE } from '../crypto.ts';
import { bytes, decode, u8, u16, u32, u40 } from '../fields.ts';
import type { Result } from '../result.ts';
import { isDate } from './date.ts';
import { KEY_ID_SIZE } from './key-id.ts';
import { decodeMeterId, METER_ID_SIZE } from './meter-id.ts';

/**
 * Reads bytes that came from outside, from a copy, so that what was read cannot change with the buffer it came in.
 * Refusal: `documentMalformed`.
 */
export function decodeDocument<T>(coder: P.CoderType<T>, bytes: Uint8Array): Result<T> {
  // not bytes.slice(): the one of Node's Buffer copies nothing
  return decode(coder, new Uint8Array(bytes), 'documentMalformed');
}

/** A layout that refuses some of its values, when it encodes and when it decodes. */
export function checked<T>(
  coder: P.CoderType<T>,
  what: string,
  isValid: (value: T) => boolean,
): P.CoderType<T> {
  return P.validate(coder, (value) => {
    if (!isValid(value)) throw new RangeError(`not ${what}`);
    return value;
  });
}

/** A day of the calendar as the decimal number YYYYMMDD. */
export const date: P.CoderType<number> = checked(u32, 'a date YYYYMMDD', isDate);

/** A ZIP of five digits as a decimal number. */
export const zip: P.CoderType<number> = checked(u32, 'a ZIP', (value) => value <= 99_999);

/** The largest eleven-digit number. */
export const DESTINATION_MAX = 99_999_999_999;

/** ZIP, ZIP+4 or ZIP+4 with delivery point (11 digits) as a decimal number; 0 for none. */
export const destination: P.CoderType<number> = checked(
  u40,
  'a destination',
  (value) => value <= DESTINATION_MAX,
);

/** Model (four characters of 0-9 and A-Z) and serial number (u32). */
export const meterId: P.CoderType<Uint8Array> = checked(
  bytes(METER_ID_SIZE),
  'a meter id',
  (value) => decodeMeterId(value) !== undefined,
);

/** {@link keyId} of a key. */
export const keyIdField: P.CoderType<Uint8Array> = bytes(KEY_ID_SIZE);

/** A compressed point (SEC 1 2.3.3): 02 or 03, then x. Whether x lies on the curve is found when the key is used. */
export const publicKey: P.CoderType<Uint8Array> = checked(
  bytes(PUBLIC_KEY_SIZE),
  'a compressed point',
  (value) => value[0] === 2 || value[0] === 3,
);

/** A byte that can have one value only. */
export function exactly<const N extends number>(value: N): P.CoderType<N> {
  return P.apply(u8, {
    encode: (byte: number): N => {
      if (byte !== value)
        throw new RangeError(`0x${byte.toString(16)} where only one value may be`);
      return value;
    },
    decode: (own: N): number => own,
  });
}

/** Space kept for later: zeros, and refused where they are not. */
export const reserved = (size: number): P.CoderType<Uint8Array> =>
  checked(bytes(size), 'zeros', (value) => value.every((byte) => byte === 0));

/** One of a closed list of names, as two bytes: its place in the list. */
export function oneOf16<const T extends readonly string[]>(names: T): P.CoderType<T[number]> {
  return P.apply(u16, {
    encode: (place: number): T[number] => {
      const name = names[place];
      if (name === undefined) throw new RangeError(`${place} names nothing in ${names.join(', ')}`);
      return name;
    },
    decode: (name: T[number]): number => names.indexOf(name),
  });
}
