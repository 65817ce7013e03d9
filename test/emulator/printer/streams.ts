/** Streams for the printer tests: commands built by hand from the manuals, and pieces for random ones. */

import fc from 'fast-check';

export type Part = string | number | Uint8Array | readonly number[];

export function bytesOf(...parts: readonly Part[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => {
      if (typeof part === 'number') return [part];
      return typeof part === 'string' ? [...part].map((c) => c.charCodeAt(0)) : [...part];
    }),
  );
}

export const ESC = 0x1b;
export const GS = 0x1d;
export const FS = 0x1c;
export const DLE = 0x10;
export const initialise = bytesOf(ESC, '@');
export const fullCut = bytesOf(GS, 'V', 0);

export function u16le(value: number): number[] {
  return [value & 0xff, value >> 8];
}

/** GS v 0. */
export function raster(mode: number, rows: readonly (readonly number[])[]): Uint8Array {
  const width = rows[0]?.length ?? 0;
  return bytesOf(GS, 'v0', mode, u16le(width), u16le(rows.length), rows.flat());
}

/** GS ( H function 48 with a process id of 4 characters. */
export function processId(id: string): Uint8Array {
  return bytesOf(GS, '(H', 6, 0, 0x30, 0x30, id);
}

export function completionOf(id: string): Uint8Array {
  return bytesOf(0x37, 0x22, id, 0);
}

/** Parameters of GS ( L and GS 8 L function 112. */
export function storeParameters(
  widthDots: number,
  rows: readonly (readonly number[])[],
  [scaleX, scaleY]: readonly [number, number] = [1, 1],
): number[] {
  const head = [48, 112, 48, scaleX, scaleY, 49, ...u16le(widthDots), ...u16le(rows.length)];
  return [...head, ...rows.flat()];
}

export function parenL(parameters: readonly number[]): Uint8Array {
  return bytesOf(GS, '(L', u16le(parameters.length), [...parameters]);
}

export function eightL(parameters: readonly number[]): Uint8Array {
  const size = parameters.length;
  return bytesOf(GS, '8L', u16le(size & 0xffff), u16le(size >>> 16), [...parameters]);
}

const byte = fc.integer({ min: 0, max: 255 });
const letter = fc.constantFrom(...'@2aJd3vVLWPrtkDE!*(8HgQ'.split(''));

/** Streams that look like printing, with pieces that break off and garbage between. */
export const anyStream: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.constantFrom(initialise, fullCut, bytesOf('AB C\n'), processId('abcd')),
      fc
        .tuple(fc.constantFrom(0, 1, 2, 3, 50), fc.uint8Array({ minLength: 6, maxLength: 6 }))
        .map(([mode, dots]) => raster(mode, [[...dots.slice(0, 3)], [...dots.slice(3)]])),
      fc.uint8Array({ minLength: 4, maxLength: 4 }).map((dots) =>
        bytesOf(
          parenL(
            storeParameters(
              12,
              [
                [dots[0] ?? 0, dots[1] ?? 0],
                [dots[2] ?? 0, dots[3] ?? 0],
              ],
              [2, 1],
            ),
          ),
          parenL([48, 50]),
        ),
      ),
      fc
        .tuple(fc.constantFrom(ESC, GS, FS, DLE), letter, byte, byte)
        .map((parts) => bytesOf(...parts)),
      fc.tuple(fc.constantFrom(4, 5, 20), byte).map(([what, n]) => bytesOf(DLE, what, n)),
    ),
    { maxLength: 20 },
  )
  .map((parts) => bytesOf(...parts));

/** The same bytes cut at random places. */
export const anySplit: fc.Arbitrary<{ whole: Uint8Array; pieces: Uint8Array[] }> = fc
  .tuple(anyStream, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }))
  .map(([whole, cuts]) => {
    const at = cuts.map((cut) => Math.floor(cut * whole.length)).sort((a, b) => a - b);
    const pieces = [0, ...at].map((start, index) => whole.slice(start, at[index] ?? whole.length));
    return { whole, pieces };
  });
