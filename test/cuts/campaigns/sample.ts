/** Which of many cuts are made where all would be too many: spread evenly, the first and the last of a cell among them. */

import { seeded, seedOf } from '#emulator/flash/seeded';

interface Range {
  readonly first: number;
  readonly count: number;
}

export interface Spread {
  readonly seed: number;
  /** Whether each number has the same chance, or each cell gets as many. */
  readonly each: 'number' | 'cell';
  /** How many of each cell at least, where it has so many. Default 0. */
  readonly leastOfEach?: number;
  /** What is added to a number to have the same cut with another seed: for more of a cell than it has. */
  readonly period?: number;
}

/** So many numbers of all cells, of one cell after the other; a few more where the least of each asks for it. */
export function sampleOf(
  cells: readonly Range[],
  wanted: number,
  { seed, each, leastOfEach = 0, period }: Spread,
): number[] {
  const all = cells.reduce((sum, { count }) => sum + count, 0);
  const random = seeded(seedOf(seed, cells.length));
  let owed = random.next() / 0x1_0000_0000;
  return cells.flatMap(({ first, count }) => {
    owed += wanted * (each === 'number' ? count / all : 1 / cells.length);
    const due = Math.floor(owed);
    owed -= due;
    const many = Math.max(due, Math.min(leastOfEach, count));
    const rounds = period === undefined ? 0 : Math.floor(many / count);
    const shift = random.below(count);
    const places = [
      ...Array.from({ length: rounds }, (_, round) =>
        Array.from({ length: count }, (_, place) => place + round * (period ?? 0)),
      ).flat(),
      ...spread(Math.min(many - rounds * count, count), count, shift).map(
        (place) => place + rounds * (period ?? 0),
      ),
    ];
    return places.map((place) => first + place);
  });
}

/** Places of a range, evenly; with its ends where there are two at least. @param shift where a single one lies */
function spread(many: number, count: number, shift: number): number[] {
  if (many === 0) return [];
  if (many === 1) return [shift];
  const step = (count - 1) / (many - 1);
  const jitter = shift % Math.max(1, Math.floor(step));
  return Array.from({ length: many }, (_, index) => {
    const place = Math.floor(index * step);
    return index === 0 || index === many - 1 ? place : Math.min(place + jitter, count - 2);
  });
}
