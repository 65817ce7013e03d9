/**
 * Golden bytes in cases, each begun by `== title`: a line is `name: bytes` for what is given, `> name: bytes` for a field
 * of the result, in order. Bytes are hex, `*` repeats them: `aa 01*3` is aa010101. `#` begins a remark.
 */

import { readFileSync } from 'node:fs';
import { joinBytes } from '#protocol/bytes';
import { fromHex } from './golden.ts';

export interface GoldenCase {
  readonly title: string;
  /** The bytes given under a name. */
  given(name: string): Uint8Array;
  /** The fields of the result joined: all, or those whose name begins so. */
  result(prefix?: string): Uint8Array;
}

/** @param name of a file in test/golden/v01, without its ending */
export function readGoldenCases(name: string): GoldenCase[] {
  const text = readFileSync(new URL(`../golden/v01/${name}.txt`, import.meta.url), 'utf8');
  return text
    .split(/^== /m)
    .slice(1)
    .map((section) => readCase(section.split('\n')));
}

function readCase([title = '', ...lines]: readonly string[]): GoldenCase {
  const fields = lines
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [, mark, name, bytes] = /^(>?) ?([^:]+):(.*)$/.exec(line) ?? [];
      if (name === undefined || bytes === undefined) throw new Error(`no golden line: ${line}`);
      return { isResult: mark === '>', name, bytes: readBytes(bytes) };
    });
  return {
    title,
    given(name) {
      const field = fields.find((one) => one.name === name && !one.isResult);
      if (field === undefined) throw new Error(`${title} does not give ${name}`);
      return field.bytes;
    },
    result: (prefix = '') =>
      joinBytes(
        ...fields
          .filter(({ isResult, name }) => isResult && name.startsWith(prefix))
          .map(({ bytes }) => bytes),
      ),
  };
}

function readBytes(text: string): Uint8Array {
  const runs = text.split(' ').filter((run) => run !== '');
  return joinBytes(
    ...runs.map((run) => {
      const [bytes = '', count = '1'] = run.split('*');
      return fromHex(bytes.repeat(Number(count)));
    }),
  );
}
