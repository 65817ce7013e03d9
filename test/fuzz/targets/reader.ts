/** Takes choices and bytes out of an input from its beginning on; behind its end everything is 0. */

export interface Reader {
  readonly isAtEnd: boolean;
  u8(): number;
  u16(): number;
  /** Fewer at the end. */
  bytes(size: number): Uint8Array;
  rest(): Uint8Array;
}

export function createReader(input: Uint8Array): Reader {
  let at = 0;
  const u8 = (): number => input[at++] ?? 0;
  const bytes = (size: number): Uint8Array => {
    const taken = input.slice(at, at + size);
    at += size;
    return taken;
  };
  return {
    get isAtEnd() {
      return at >= input.length;
    },
    u8,
    u16: () => u8() + 256 * u8(),
    bytes,
    rest: () => bytes(input.length),
  };
}
