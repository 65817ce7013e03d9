/** Hardware of which every call goes through one function, whatever parts a board has. */

import type { Hardware } from '#hw/hardware';
import type { Word } from '../cpu/hardware-calls.ts';

export type AnyCall = (...given: readonly unknown[]) => Word;

/** @param through performs a call, or something in its place @param path of the call, as `flash.read` */
export function wrapped(
  hardware: Hardware,
  through: (path: string, call: AnyCall, given: readonly unknown[]) => Word,
): Hardware {
  function part(value: unknown, path: string): unknown {
    if (typeof value === 'function')
      return (...given: readonly unknown[]) => through(path, value as AnyCall, given);
    if (typeof value !== 'object' || value === null) return value;
    const prefix = path === '' ? '' : `${path}.`;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, part(inner, `${prefix}${name}`)]),
    );
  }
  return part(hardware, '') as Hardware;
}
