/** The one place that calls bwip-js, with types that hold: symbols as modules and bars, never as pictures (printing.md 3). */

import bwipjs, { type RawOptions } from 'bwip-js'; // the named import `raw` is another function: a symbology

interface RawMatrix {
  readonly pixs: readonly number[];
  readonly pixx: number;
  readonly pixy: number;
}

interface RawBars {
  readonly sbs: readonly number[];
}

/** Square modules, row after row. */
export interface Modules {
  readonly width: number;
  readonly height: number;
  readonly isDark: readonly boolean[];
}

/**
 * The Data Matrix of some bytes: ECC 200, the smallest square that holds them.
 * @param payload 1 to 1,555 bytes; any values
 * @throws Error where they do not fit into the largest square
 */
export function dataMatrixModules(payload: Uint8Array): Modules {
  const text = Buffer.from(payload).toString('latin1'); // a character a byte; never `parse`, which changes a `^`
  const options = { bcid: 'datamatrix', text, binarytext: true, format: 'square' };
  const [symbol] = bwipjs.raw(options as RawOptions) as unknown as readonly RawMatrix[];
  if (symbol === undefined) throw new Error('bwip-js returned no symbol');
  const { pixs, pixx, pixy } = symbol;
  return { width: pixx, height: pixy, isDark: pixs.map((module) => module === 1) };
}

/** The bars of facing identification mark D and the spaces between them, in points, beginning with a bar. */
export function facingMarkBars(): readonly number[] {
  const options: RawOptions = { bcid: 'symbol', text: 'fimd' };
  const [mark] = bwipjs.raw(options) as unknown as readonly RawBars[];
  if (mark === undefined) throw new Error('bwip-js returned no mark');
  return mark.sbs;
}
