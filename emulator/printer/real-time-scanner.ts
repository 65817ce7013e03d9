/**
 * Finds DLE EOT n in raw bytes without regard to commands, as real printers do: Epson's manuals say that bytes of a
 * picture that read 10 04 01 to 10 04 04 are answered and then burnt as dots all the same.
 */

const DLE = 0x10;
const EOT = 0x04;

/** Gives the selectors `n` that were completed in each piece of the stream. */
export function createRealTimeScanner(): (bytes: Uint8Array) => number[] {
  let seen: 'nothing' | 'dle' | 'eot' = 'nothing';
  return (bytes) => {
    const selectors: number[] = [];
    for (const byte of bytes) {
      if (seen === 'eot' && byte >= 1 && byte <= 4) selectors.push(byte);
      if (byte === DLE) seen = 'dle';
      else seen = seen === 'dle' && byte === EOT ? 'eot' : 'nothing';
    }
    return selectors;
  };
}
