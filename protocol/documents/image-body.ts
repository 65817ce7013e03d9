/** The body of an image in bytecode: the engine it was made for, then what that engine runs (docs/documents.md). */

import * as P from 'micro-packed';
import { ascii } from '../bytes.ts';
import { bytes8, decode, rest } from '../fields.ts';
import type { Result } from '../result.ts';

/** Printable ASCII. */
const name: P.CoderType<string> = P.apply(bytes8, {
  encode(bytes: Uint8Array): string {
    if (bytes.some((byte) => byte < 0x20 || byte > 0x7e)) throw new RangeError('not ASCII');
    return String.fromCharCode(...bytes);
  },
  decode: ascii,
});

/** Bytecode fits one version of one engine only, which has no other way to tell. */
const layout = P.struct({ engine: name, bytecode: rest });
export type BytecodeBody = P.UnwrapCoder<typeof layout>;

export const encodeBytecodeBody = (body: BytecodeBody): Uint8Array => layout.encode(body);

/** Refusal: `documentMalformed`. */
export const readBytecodeBody = (body: Uint8Array): Result<BytecodeBody> =>
  decode(layout, new Uint8Array(body), 'documentMalformed');
