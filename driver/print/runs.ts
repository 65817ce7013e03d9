/** The parts of a picture that have dots, told apart from white rows that a printer may as well feed. */

import { type Bitmap, isBlank } from './bitmap.ts';

export interface Run {
  readonly top: number;
  /** The row after the last. */
  readonly bottom: number;
  readonly isBlank: boolean;
}

/** All rows, cut where at least `blankRowsMin` of them are white. */
export function runsOf(bitmap: Bitmap, blankRowsMin: number): Run[] {
  const runs: Run[] = [];
  let top = 0;
  let row = 0;
  while (row < bitmap.height) {
    const blankTop = row;
    while (row < bitmap.height && isBlank(bitmap, row, row + 1)) row += 1;
    if (row - blankTop >= blankRowsMin) {
      if (blankTop > top) runs.push({ top, bottom: blankTop, isBlank: false });
      runs.push({ top: blankTop, bottom: row, isBlank: true });
      top = row;
    }
    if (row < bitmap.height) row += 1;
  }
  if (top < bitmap.height) runs.push({ top, bottom: bitmap.height, isBlank: false });
  return runs;
}

/** Only the parts with dots, for printers that are told where each of them stands. */
export function inkRuns(bitmap: Bitmap, blankRowsMin: number): Run[] {
  return runsOf(bitmap, blankRowsMin).filter((run) => !run.isBlank);
}
