/** Bits that turn round although nobody wrote them: rot at rest, and neighbours that a cut operation disturbed. */

import type { Cells } from './cells.ts';
import type { Seeded } from './seeded.ts';

/** Bytes on either side of a cut program or erase in which others are disturbed: what chips take at once. */
const DISTURBED_REACH = 256;

/** Turns so many different bits of a range round. @returns their numbers (offset × 8 + bit), in ascending order */
export function rotBits(
  cells: Cells,
  flips: number,
  offset: number,
  length: number,
  random: Seeded,
): number[] {
  const bits = new Set<number>();
  while (bits.size < flips) bits.add(offset * 8 + random.below(length * 8));
  for (const bit of bits) cells.flip(bit);
  return [...bits].sort((a, b) => a - b);
}

/** Turns bits round in units programmed before, near a range but not in it; fewer where there are not so many. */
export function disturbBits(
  cells: Cells,
  flips: number,
  offset: number,
  length: number,
  random: Seeded,
): void {
  const end = offset + length;
  const near = [
    ...cells.spentOffsets(offset - DISTURBED_REACH, offset),
    ...cells.spentOffsets(end, end + DISTURBED_REACH),
  ];
  const unitBits = cells.programUnit * 8;
  const bits = new Set<number>();
  while (bits.size < Math.min(flips, near.length * unitBits)) {
    const unit = near[random.below(near.length)] as number;
    bits.add(unit * 8 + random.below(unitBits));
  }
  for (const bit of bits) cells.flip(bit);
}
