/** What was done to a part, in all and in each sector. */

import type { FlashCounters, SectorCounters } from '../flash.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const noSectorCounts = (): Mutable<SectorCounters> => ({
  reads: 0,
  bytesRead: 0,
  programs: 0,
  bytesProgrammed: 0,
  erases: 0,
});

export class Counts {
  readonly total: Mutable<FlashCounters> = {
    ...noSectorCounts(),
    syncs: 0,
    refused: 0,
    failed: 0,
    cuts: 0,
  };
  readonly #sectors: Mutable<SectorCounters>[];

  constructor(sectors: number) {
    this.#sectors = Array.from({ length: sectors }, noSectorCounts);
  }

  /** @throws RangeError where there is no such sector */
  of(sector: number): Mutable<SectorCounters> {
    const counters = this.#sectors[sector];
    if (counters === undefined) throw new RangeError(`the part has no sector ${sector}`);
    return counters;
  }

  /** The part of a read that lies in one sector. */
  readIn(sector: number, bytes: number): void {
    const counters = this.of(sector);
    counters.reads += 1;
    counters.bytesRead += bytes;
  }

  program(sector: number, bytes: number): void {
    const counters = this.of(sector);
    counters.programs += 1;
    counters.bytesProgrammed += bytes;
    this.total.programs += 1;
    this.total.bytesProgrammed += bytes;
  }

  erase(sector: number): void {
    this.of(sector).erases += 1;
    this.total.erases += 1;
  }
}
