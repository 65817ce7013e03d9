/**
 * NOR flash as strict as the chip (requirements.md H3; reliability.md 2; docs/flash-model.md): bits are cleared once per
 * unit and erase, power fails inside any operation, sectors wear out, and all of it can be looked at and repeated.
 */

import type { Flash } from '#hw/flash';
import { ERASED, type SectorImage } from './flash/cells.ts';
import { Chip, PROGRAM_SIZE_MAX } from './flash/chip.ts';
import type { TearMode } from './flash/tear.ts';
import type { WearFailure, WearOptions } from './flash/wear.ts';

export { ERASED };

/** All in bytes; size is a multiple of sectorSize, that a multiple of programUnit. */
export interface FlashGeometry {
  readonly size: number;
  readonly sectorSize: number;
  readonly programUnit: number;
}

/** 64 sectors: 256 KiB. */
export const DEFAULT_FLASH_GEOMETRY: FlashGeometry = {
  size: 64 * 4096,
  sectorSize: 4096,
  programUnit: 16,
};

/** What was done in one sector since the part was opened; a read over two sectors counts in each with its bytes there. */
export interface SectorCounters {
  readonly reads: number;
  readonly bytesRead: number;
  readonly programs: number;
  readonly bytesProgrammed: number;
  readonly erases: number;
}

/** What was done since the part was opened, also in time that {@link FlashDevice.restore} took back. */
export interface FlashCounters extends SectorCounters {
  readonly syncs: number;
  /** Programs and erases that broke the contract: nothing was done. */
  readonly refused: number;
  /** Programs and erases that answered `programFailed` or `eraseFailed`. */
  readonly failed: number;
  /** Programs and erases that power cut short; they are in no other count. */
  readonly cuts: number;
}

/** A program or an erase that the chip began. */
export interface FlashOperation {
  readonly op: 'program' | 'erase';
  readonly offset: number;
  readonly length: number;
}

/** Operations as they begin, refused ones left out, until it is disposed of. */
export interface FlashTrace extends Disposable {
  readonly operations: readonly FlashOperation[];
}

/** How power fails inside an operation. */
export interface PowerCut {
  /** What the operation leaves; default `prefix`. */
  readonly tear?: TearMode;
  /**
   * The place `at` of {@link TearMode}, in bytes from the start of what the operation touches. At its end or behind it the
   * operation is finished, in every mode but `weak` (which takes it from the start again) and `phantom` (which has no
   * place). Default 0 for `prefix` and `suffix`, else the middle.
   */
  readonly tornBytes?: number;
  /** Chooses bits where the tear leaves a choice, together with the seed of the part. 32 bits, default 0. */
  readonly seed?: number;
  /**
   * So many bits turn round in units programmed earlier, within 256 bytes on either side: an interrupted program was seen
   * to do that to its neighbours (Tseng, Grupp, Swanson, DAC 2011). More than hw/flash.ts lets happen. Default 0.
   */
  readonly disturbedBits?: number;
  /**
   * Whether operations after the last sync, this one included, are found on the chip: `kept` (default), or `lost`, which
   * hw/flash.ts allows too. Counted from the call that armed the cut.
   */
  readonly unsynced?: 'kept' | 'lost';
}

/** A whole part at one moment: cells, weak bits, wear, noise, power, the armed cut. Not to be looked into. */
export interface FlashSnapshot {
  readonly sectors: readonly SectorImage[];
  readonly wear: readonly number[];
  readonly noise: number;
  /** Sectors that somebody broke, whatever their wear. */
  readonly broken: ReadonlyMap<number, WearFailure>;
  readonly isPowered: boolean;
  readonly cut: ArmedCut | undefined;
}

export interface ArmedCut {
  readonly operationsLeft: number;
  readonly cut: PowerCut;
  /** What the part held at the last sync, where that comes back; else undefined. */
  readonly synced: readonly SectorImage[] | undefined;
}

/** Where bits rot. */
export interface Rot {
  readonly seed: number;
  /** Different bits that turn round. */
  readonly flips: number;
  /** Bytes; default: the whole part. */
  readonly offset?: number;
  readonly length?: number;
}

/** A flash part with what a test bench can do to it. Every call of {@link Flash} throws PowerLost while power is gone. */
export interface FlashDevice extends Flash {
  readonly counters: FlashCounters;
  /** Erases that each sector took: since the part was opened, or what a snapshot brought back. */
  readonly wear: readonly number[];
  readonly isPowered: boolean;
  /** Numbers (offset × 8 + bit, lowest bit 0) of the bits that read differently each time, in ascending order. */
  readonly weakBits: readonly number[];
  /** @throws RangeError where there is no such sector */
  sectorCounters(sector: number): SectorCounters;
  /** Begins to note programs and erases; the place in the list is the number that {@link losePowerAfter} takes. */
  traceOperations(): FlashTrace;
  /** Lets so many programs and erases succeed and cuts power within the next one. Replaces a cut armed before. */
  losePowerAfter(operations: number, cut?: PowerCut): void;
  /** Ends a power failure that happened; a cut that is still armed stays armed. */
  restorePower(): void;
  /** A copy of all that is stored, with or without power; a weak bit as it was before it tore. */
  contents(): Uint8Array;
  /**
   * Breaks a sector in one of the ways in which it would wear out, or mends it; undefined mends.
   * @throws RangeError where there is no such sector
   */
  breakSector(sector: number, failure: WearFailure | undefined): void;
  /** Overwrites what is stored by force, as rot or an attacker would; the units stay programmed or not as they were. */
  damage(offset: number, data: Uint8Array): void;
  /** Turns seeded bits round at rest and gives their numbers, in ascending order. @throws RangeError if too many */
  rot(rot: Rot): readonly number[];
  /** The whole part as it is, at the cost of what changed since the last snapshot. */
  snapshot(): FlashSnapshot;
  /**
   * Makes it the part of a snapshot, also of another part. Counters and traces go on.
   * @throws RangeError where the other part has other sizes
   */
  restore(snapshot: FlashSnapshot): void;
  /** Gives the noise of weak bits another seed, so that one snapshot can be read in many ways. */
  reseed(seed: number): void;
  /**
   * 64 hex digits: two parts of the same options and equal digests behave alike from now on, but for the noise of weak
   * bits, a power cut or an armed one. Wear is in it where endurance ends.
   */
  digest(): string;
  close(): void;
}

/** Where the bytes of a part are kept. */
export interface FlashStore {
  /** What the part holds now. The model changes it and then tells. */
  readonly bytes: Uint8Array;
  changed(offset: number, length: number): void;
  /** Returns when all changes so far outlive a power cut of the computer. */
  sync(): void;
  close(): void;
}

export interface FlashOptions extends WearOptions {
  /** Decides everything that is left to chance: lives of sectors, tears, noise. 32 bits, default 0. */
  readonly seed?: number;
  /**
   * An erase clears every bit before it sets it, as many chips do; one that is cut then leaves zeros where it did not come
   * to, even in what was blank. More than hw/flash.ts lets happen. Default false.
   */
  readonly erasesThroughZeros?: boolean;
}

/** A part that forgets everything when the process ends. */
export function createMemoryFlash(
  options: FlashOptions & { geometry?: FlashGeometry; contents?: Uint8Array } = {},
): FlashDevice {
  const { geometry = DEFAULT_FLASH_GEOMETRY, contents } = options;
  if (contents !== undefined && contents.length !== geometry.size) {
    throw new RangeError(`a flash of ${geometry.size} bytes cannot hold ${contents.length}`);
  }
  const bytes = contents?.slice() ?? new Uint8Array(geometry.size).fill(ERASED);
  const nothing = (): void => undefined;
  return createFlash(geometry, { bytes, changed: nothing, sync: nothing, close: nothing }, options);
}

/**
 * The rules of the chip over any store. A unit that is not blank when the part is opened counts as programmed; that a
 * unit was programmed with ones only, and which bits were weak, is forgotten then, since the bytes do not tell.
 * @throws RangeError where the sizes of the geometry do not fit into each other
 */
export function createFlash(
  geometry: FlashGeometry,
  store: FlashStore,
  options: FlashOptions = {},
): FlashDevice {
  checkGeometry(geometry);
  return new Chip(geometry, store, options);
}

/** @throws RangeError where the sizes do not fit into each other */
export function checkGeometry({ size, sectorSize, programUnit }: FlashGeometry): void {
  const isMultiple = (value: number, of: number): boolean =>
    Number.isSafeInteger(value) && Number.isSafeInteger(of) && value > 0 && value % of === 0;
  const fits =
    programUnit > 0 &&
    programUnit <= PROGRAM_SIZE_MAX &&
    isMultiple(sectorSize, programUnit) &&
    isMultiple(size, sectorSize);
  if (!fits) throw new RangeError(`no flash has ${size} / ${sectorSize} / ${programUnit} bytes`);
}
