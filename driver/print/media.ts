/** What a label is printed on, as a printer is told it. */

import { dotsOf, type HeadArea } from './head.ts';

export interface Media {
  readonly widthMm: number;
  /** Undefined for a roll: as long as what is on it. */
  readonly heightMm: number | undefined;
  /** Between two labels of a roll; undefined where there are none. */
  readonly gapMm?: number | undefined;
}

/** Its size in whole dots of a printer. */
export function mediaDots(
  { widthMm, heightMm }: Media,
  area: HeadArea,
): { readonly widthDots: number; readonly heightDots: number | undefined } {
  return {
    widthDots: dotsOf(area, widthMm),
    heightDots: heightMm === undefined ? undefined : dotsOf(area, heightMm),
  };
}
