/** What the flash of a small meter holds at the stages of its life that commands begin from. */

import type { FlashGeometry } from '#emulator/flash';
import { flashAt } from '#test/support/meter';

/** 64 KiB: two banks of the store and a ring of twelve sectors, so that every bit can be tried. */
export const METER_GEOMETRY: FlashGeometry = {
  size: 16 * 4096,
  sectorSize: 4096,
  programUnit: 16,
};

/** `factory`: never switched on. */
export type StageName = 'factory' | 'blank' | 'made' | 'registered' | 'refilled';

export async function contentsOf(stage: StageName): Promise<Uint8Array> {
  const { size } = METER_GEOMETRY;
  if (stage === 'factory') return new Uint8Array(size).fill(0xff);
  return (await flashAt(stage)).contents().slice(0, size); // what lies behind is blank
}
