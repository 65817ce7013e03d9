/** Reads the golden bytes: files of lines `name hex`, where a `#` begins a remark (style.md rule 13). */

import { existsSync, readFileSync } from 'node:fs';

export interface Golden {
  /** All lines, one after the other. */
  readonly bytes: Uint8Array;
  readonly lines: readonly (readonly [name: string, hex: string])[];
}

/** The versions of the protocol that golden bytes are of (test/golden/README.md). */
const versions = ['v01', 'v02', 'v03', 'v04'] as const;

/** @param name of a file in a folder of test/golden, without its ending: each name is in one of them */
export function readGolden(name: string): Golden {
  const [file, ...others] = versions
    .map((version) => new URL(`../golden/${version}/${name}.txt`, import.meta.url))
    .filter((each) => existsSync(each));
  if (file === undefined || others.length > 0) throw new Error(`not one golden file ${name}.txt`);
  const text = readFileSync(file, 'utf8');
  const lines = text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
    .map((line) => {
      const match = /^(\S+)(?: +((?:[0-9a-f]{2})+))?$/.exec(line);
      if (match === null) throw new Error(`${name}.txt: no name and hex: ${line}`);
      return [match[1] as string, match[2] ?? ''] as const;
    });
  return { bytes: fromHex(lines.map(([, hex]) => hex).join('')), lines };
}

/** @throws Error for anything but pairs of hex digits; spaces are allowed */
export function fromHex(text: string): Uint8Array {
  const digits = text.replaceAll(' ', '');
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) throw new Error(`not hex: ${text}`);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
