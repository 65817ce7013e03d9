/** Parts by the size of the ring that the firmware lays out in them. */

import type { FlashGeometry } from '#emulator/flash';
import { flashLayout } from '#firmware/flash-layout';

const SECTOR_SIZE = 4096;
const PROGRAM_UNIT = 16;

/** The smallest part whose journal has so many sectors, three at least. */
export function partWithRing(journalSectors: number): FlashGeometry {
  for (let sectors = 4; ; sectors += 1) {
    const geometry = {
      size: sectors * SECTOR_SIZE,
      sectorSize: SECTOR_SIZE,
      programUnit: PROGRAM_UNIT,
    };
    if (ringOf(geometry) >= journalSectors) return geometry;
  }
}

/** Sectors of the journal; 0 where the firmware finds no room for one. */
function ringOf(geometry: FlashGeometry): number {
  try {
    return flashLayout({ ...geometry, read: refuse, program: refuse, erase: refuse, sync: refuse })
      .journalSectors;
  } catch {
    return 0; // the only way it has to say so
  }
}

function refuse(): never {
  throw new Error('a layout does not depend on what the flash holds');
}
