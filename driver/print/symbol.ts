/** The Data Matrix of an indicium in whole dots, with modules of at least 15 mil (printing.md 2.2; domain.md 1.5). */

import { type Bitmap, blit, createBitmap, magnify, setDot } from './bitmap.ts';
import { dataMatrixModules } from './bwip.ts';

/** The least width of a module that postal scanners are promised, in mil (1/1000 inch). */
const MODULE_MIL_MIN = 15;
/** White modules to every side. The standard asks for one; two hold against print and cut tolerances (printing.md 4.3). */
export const QUIET_MODULES = 2;

/**
 * Dots a module: the fewest whole ones that are at least 15 mil wide; 4 at 203 dpi, 5 at 300, 3 at 180, 9 at 600.
 * @param dpi dots an inch of the print head
 */
export function moduleDots(dpi: number): number {
  return Math.ceil((dpi * MODULE_MIL_MIN) / 1000);
}

/**
 * The symbol of some bytes with its quiet zone, as dots of a print head.
 * @param scale dots a module; as many as scanners are promised where nothing is said
 */
export function renderSymbol(
  payload: Uint8Array,
  dpi: number,
  scale: number = moduleDots(dpi),
): Bitmap {
  const modules = dataMatrixModules(payload);
  const small = createBitmap(modules.width, modules.height);
  modules.isDark.forEach((isDark, at) => {
    if (isDark) setDot(small, at % modules.width, Math.floor(at / modules.width), 1);
  });
  const quiet = QUIET_MODULES * scale;
  const symbol = createBitmap(
    modules.width * scale + 2 * quiet,
    modules.height * scale + 2 * quiet,
  );
  blit(symbol, magnify(small, scale), quiet, quiet);
  return symbol;
}
