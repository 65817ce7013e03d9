/** Every cut of a stretch of operations by one number, so that a search walks numbers and a failure is replayed by one. */

import type { FlashOperation, PowerCut } from '../flash.ts';
import { type TearMode, tearModes } from './tear.ts';

/** To be given to `losePowerAfter` at the moment when the trace was begun. */
export interface PlannedCut {
  readonly operations: number;
  readonly cut: PowerCut;
}

export interface CutPlan {
  readonly count: number;
  /** @param number 0 to count - 1, the seed of the cut too @throws RangeError */
  at(number: number): PlannedCut;
}

/** The cuts of one operation in one mode, and the number of the first of them. */
interface Stretch {
  readonly begin: number;
  readonly operations: number;
  readonly tear: TearMode;
  readonly firstPlace: number;
}

/** The first place of each mode in an operation, and how many there are: no cut twice, and none that tears nothing. */
const places: Readonly<Record<TearMode, (length: number) => readonly [number, number]>> = {
  prefix: (length) => [1, length], // the last one is a cut right behind the operation
  suffix: (length) => [1, length - 1],
  tornByte: (length) => [0, length],
  bitSubset: (length) => [1, length - 1],
  marginal: (length) => [0, length],
  weak: (length) => [0, length],
  phantom: () => [0, 1],
};

/** All cuts in these operations: of one after the other, in each mode, at each place. */
export function planCuts(
  trace: readonly FlashOperation[],
  modes: readonly TearMode[] = tearModes,
): CutPlan {
  const stretches: Stretch[] = [];
  let count = 0;
  trace.forEach(({ length }, operations) => {
    for (const mode of modes) {
      const [first, many] = places[mode](length);
      stretches.push({ begin: count, operations, tear: mode, firstPlace: first });
      count += many;
    }
  });
  return {
    count,
    at(number) {
      if (!Number.isSafeInteger(number) || number < 0 || number >= count)
        throw new RangeError(`cut ${number} of ${count}`);
      let low = 0;
      for (let high = stretches.length - 1; low < high; ) {
        const middle = (low + high + 1) >> 1;
        if ((stretches[middle] as Stretch).begin <= number) low = middle;
        else high = middle - 1;
      }
      const { begin, operations, tear, firstPlace } = stretches[low] as Stretch;
      return { operations, cut: { tear, tornBytes: firstPlace + number - begin, seed: number } };
    },
  };
}
