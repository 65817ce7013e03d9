/**
 * NOR flash as strict as the chip (requirements.md H3; reliability.md 2): bits are cleared once per unit and erase, power
 * fails inside any operation, sectors wear out.
 */

import { type Flash, type FlashStatus, flashStatus } from '#hw/flash';
import { PowerLost } from './power.ts';

/** hw/flash.ts: limits of one call. */
const READ_SIZE_MAX = 4096;
const PROGRAM_SIZE_MAX = 256;
export const ERASED = 0xff;

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

/** What was done since the part was opened; what power cut short is not counted. */
export interface FlashCounters {
  readonly programs: number;
  readonly erases: number;
  readonly bytesProgrammed: number;
  readonly syncs: number;
}

/** How power fails inside an operation. */
export interface PowerCut {
  /** The first bytes of what the operation touches that are still changed; more than it touches means all. Default 0. */
  readonly tornBytes?: number;
  /**
   * Whether operations after the last sync, this one included, are found on the chip: `kept` (default), or `lost`, which
   * hw/flash.ts allows too. Counted from the call that armed the cut.
   */
  readonly unsynced?: 'kept' | 'lost';
}

/** A flash part with what a test bench can do to it. Every call of {@link Flash} throws PowerLost while power is gone. */
export interface FlashDevice extends Flash {
  readonly counters: FlashCounters;
  /** Erases of each sector since the part was opened. */
  readonly wear: readonly number[];
  readonly isPowered: boolean;
  /** Lets so many programs and erases succeed and cuts power within the next one. Replaces a cut armed before. */
  losePowerAfter(operations: number, cut?: PowerCut): void;
  /** Ends a power failure that happened; a cut that is still armed stays armed. */
  restorePower(): void;
  /** A copy of all that is stored, with or without power. */
  contents(): Uint8Array;
  /** Overwrites what is stored by force, as rot or an attacker would; the units stay programmed or not as they were. */
  damage(offset: number, data: Uint8Array): void;
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

export interface FlashOptions {
  /** Erases that a sector stands; after that an erase fails and changes nothing. Default: any number. */
  readonly endurance?: number;
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

/** What is on the chip for good. */
interface Stored {
  readonly bytes: Uint8Array;
  readonly spent: Uint8Array;
}

interface ArmedCut {
  operationsLeft: number;
  readonly tornBytes: number;
  /** What the part held at the last sync, where that comes back; else undefined. */
  synced: Stored | undefined;
}

/**
 * The rules of the chip over any store. A unit that is not blank when the part is opened counts as programmed; that a
 * unit was programmed with ones only is forgotten then, since the bytes do not tell.
 * @throws RangeError where the sizes of the geometry do not fit into each other
 */
export function createFlash(
  geometry: FlashGeometry,
  store: FlashStore,
  options: FlashOptions = {},
): FlashDevice {
  checkGeometry(geometry);
  return new Chip(geometry, store, options.endurance ?? Number.POSITIVE_INFINITY);
}

class Chip implements FlashDevice {
  readonly size: number;
  readonly sectorSize: number;
  readonly programUnit: number;
  readonly counters = { programs: 0, erases: 0, bytesProgrammed: 0, syncs: 0 };
  readonly wear: number[];
  readonly #store: FlashStore;
  readonly #endurance: number;
  /** One entry a unit: 1 where it takes no program before the next erase. */
  readonly #spent: Uint8Array;
  #cut: ArmedCut | undefined;
  #isPowered = true;

  constructor(
    { size, sectorSize, programUnit }: FlashGeometry,
    store: FlashStore,
    endurance: number,
  ) {
    this.size = size;
    this.sectorSize = sectorSize;
    this.programUnit = programUnit;
    this.wear = new Array<number>(size / sectorSize).fill(0);
    this.#store = store;
    this.#endurance = endurance;
    this.#spent = spentUnits(store.bytes, programUnit);
  }

  get isPowered(): boolean {
    return this.#isPowered;
  }

  read(offset: number, length: number): ArrayBuffer {
    this.#needPower();
    const fits = isWhole(offset) && isWhole(length) && offset + length <= this.size;
    if (!fits || length > READ_SIZE_MAX)
      throw new RangeError(`a read of ${length} bytes at ${offset} breaks the contract of flash`);
    return copyOf(this.#store.bytes.subarray(offset, offset + length)).buffer;
  }

  program(offset: number, data: ArrayBuffer): FlashStatus {
    this.#needPower();
    const next = new Uint8Array(data);
    if (!this.#takes(offset, next)) return flashStatus.refused;
    this.#operate(offset, next, 1);
    this.counters.programs += 1;
    this.counters.bytesProgrammed += next.length;
    return flashStatus.ok;
  }

  erase(offset: number): FlashStatus {
    this.#needPower();
    if (!isMultiple(offset, this.sectorSize) || offset >= this.size) return flashStatus.refused;
    const sector = offset / this.sectorSize;
    const erases = this.wear[sector] ?? 0;
    if (erases >= this.#endurance) return flashStatus.eraseFailed;
    this.wear[sector] = erases + 1;
    this.#operate(offset, new Uint8Array(this.sectorSize).fill(ERASED), 0);
    this.counters.erases += 1;
    return flashStatus.ok;
  }

  sync(): void {
    this.#needPower();
    this.#store.sync();
    if (this.#cut?.synced !== undefined) this.#cut.synced = this.#stored();
    this.counters.syncs += 1;
  }

  losePowerAfter(operations: number, { tornBytes = 0, unsynced = 'kept' }: PowerCut = {}): void {
    if (!isWhole(operations) || !isWhole(tornBytes))
      throw new RangeError('operations and torn bytes are counted in whole numbers from 0');
    const synced = unsynced === 'lost' ? this.#stored() : undefined;
    this.#cut = { operationsLeft: operations, tornBytes, synced };
  }

  restorePower(): void {
    this.#isPowered = true;
  }

  contents(): Uint8Array {
    return this.#store.bytes.slice();
  }

  damage(offset: number, data: Uint8Array): void {
    this.#put(offset, data);
  }

  close(): void {
    this.#store.close();
  }

  #needPower(): void {
    if (!this.#isPowered) throw new PowerLost('the flash has no power');
  }

  #stored(): Stored {
    return { bytes: this.contents(), spent: this.#spent.slice() };
  }

  #put(offset: number, data: Uint8Array): void {
    this.#store.bytes.set(data, offset);
    this.#store.changed(offset, data.length);
  }

  /** Whether the chip takes a program: in place, and within blank units only. */
  #takes(offset: number, data: Uint8Array): boolean {
    const end = offset + data.length;
    const isInPlace =
      isMultiple(offset, this.programUnit) &&
      isMultiple(data.length, this.programUnit) &&
      data.length > 0 &&
      data.length <= PROGRAM_SIZE_MAX &&
      end <= this.size &&
      Math.floor(offset / this.sectorSize) === Math.floor((end - 1) / this.sectorSize);
    if (!isInPlace) return false;
    const units = this.#spent.subarray(offset / this.programUnit, end / this.programUnit);
    if (units.includes(1)) return false;
    const old = this.#store.bytes.subarray(offset, end);
    return data.every((value, at) => (value & ~(old[at] as number)) === 0);
  }

  /** Changes bytes as one operation, which power may cut short: then every unit it touched takes no program. */
  #operate(offset: number, data: Uint8Array, spentAfter: 0 | 1): void {
    const cut = this.#cut;
    const isCut = cut !== undefined && cut.operationsLeft === 0;
    if (cut !== undefined) cut.operationsLeft -= 1;
    if (isCut && cut.synced !== undefined) {
      this.#put(0, cut.synced.bytes);
      this.#spent.set(cut.synced.spent);
    } else {
      const changed = isCut ? Math.min(cut.tornBytes, data.length) : data.length;
      this.#put(offset, data.subarray(0, changed));
      const spent = changed === data.length ? spentAfter : 1;
      const end = offset + data.length;
      this.#spent.fill(spent, offset / this.programUnit, end / this.programUnit);
    }
    if (!isCut) return;
    this.#isPowered = false;
    this.#cut = undefined;
    throw new PowerLost('power failed inside a flash operation');
  }
}

/** @throws RangeError where the sizes do not fit into each other */
export function checkGeometry({ size, sectorSize, programUnit }: FlashGeometry): void {
  const fits =
    size > 0 &&
    programUnit > 0 &&
    programUnit <= PROGRAM_SIZE_MAX &&
    isMultiple(sectorSize, programUnit) &&
    sectorSize > 0 &&
    isMultiple(size, sectorSize);
  if (!fits) throw new RangeError(`no flash has ${size} / ${sectorSize} / ${programUnit} bytes`);
}

function spentUnits(bytes: Uint8Array, programUnit: number): Uint8Array {
  const spent = new Uint8Array(bytes.length / programUnit);
  return spent.map((_, unit) => {
    const content = bytes.subarray(unit * programUnit, (unit + 1) * programUnit);
    return content.every((value) => value === ERASED) ? 0 : 1;
  });
}

function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isMultiple(value: number, of: number): boolean {
  return isWhole(value) && value % of === 0;
}
