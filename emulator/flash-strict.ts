/** A flash that does not forgive: a refused operation is a defect of the firmware and thrown as one. */

import { type FlashStatus, flashStatus } from '#hw/flash';
import type { FlashDevice } from './flash.ts';

/** The firmware asked for what hw/flash.ts forbids. */
export class FlashMisuse extends Error {
  override readonly name = 'FlashMisuse';
}

/** The same part; `refused` becomes {@link FlashMisuse}. */
export function strictFlash(flash: FlashDevice): FlashDevice {
  function permitted(status: FlashStatus, what: string): FlashStatus {
    if (status === flashStatus.refused) throw new FlashMisuse(`the flash refuses ${what}`);
    return status;
  }
  return {
    size: flash.size,
    sectorSize: flash.sectorSize,
    programUnit: flash.programUnit,
    get counters() {
      return flash.counters;
    },
    get wear() {
      return flash.wear;
    },
    get isPowered() {
      return flash.isPowered;
    },
    get weakBits() {
      return flash.weakBits;
    },
    read: (offset, length) => flash.read(offset, length),
    program: (offset, data) =>
      permitted(
        flash.program(offset, data),
        `to program ${data.byteLength} bytes at ${offset}: out of place, or programmed before`,
      ),
    erase: (offset) =>
      permitted(flash.erase(offset), `to erase at ${offset}: no sector begins there`),
    sync: () => flash.sync(),
    sectorCounters: (sector) => flash.sectorCounters(sector),
    traceOperations: () => flash.traceOperations(),
    losePowerAfter: (operations, cut) => flash.losePowerAfter(operations, cut),
    restorePower: () => flash.restorePower(),
    contents: () => flash.contents(),
    breakSector: (sector, failure) => flash.breakSector(sector, failure),
    damage: (offset, data) => flash.damage(offset, data),
    rot: (rot) => flash.rot(rot),
    snapshot: () => flash.snapshot(),
    restore: (snapshot) => flash.restore(snapshot),
    reseed: (seed) => flash.reseed(seed),
    digest: () => flash.digest(),
    close: () => flash.close(),
  };
}
