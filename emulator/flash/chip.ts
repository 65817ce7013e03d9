/** The rules of a NOR chip over its cells, and what a bench sees of it (hw/flash.ts; docs/flash-model.md). */

import { createHash } from 'node:crypto';
import { type FlashStatus, flashStatus } from '#hw/flash';
import type {
  FlashCounters,
  FlashDevice,
  FlashGeometry,
  FlashOperation,
  FlashOptions,
  FlashSnapshot,
  FlashStore,
  FlashTrace,
  PowerCut,
  Rot,
  SectorCounters,
} from '../flash.ts';
import { Cells, ERASED } from './cells.ts';
import { Counts } from './counters.ts';
import { rotBits } from './decay.ts';
import { type Seeded, seeded, seedOf } from './seeded.ts';
import { type Change, cutShort, finish, Supply } from './supply.ts';
import { tear } from './tear.ts';
import { type SectorLife, sectorLives, type WearFailure } from './wear.ts';

/** hw/flash.ts: limits of one call. */
const READ_SIZE_MAX = 4096;
export const PROGRAM_SIZE_MAX = 256;
/** What each stream of chance is drawn for; any different numbers do. */
const streams = { noise: 1, rot: 2 } as const;

export class Chip implements FlashDevice {
  readonly size: number;
  readonly sectorSize: number;
  readonly programUnit: number;
  readonly wear: number[];
  readonly #cells: Cells;
  readonly #counts: Counts;
  readonly #lives: readonly SectorLife[];
  readonly #hasEndurance: boolean;
  readonly #broken = new Map<number, WearFailure>();
  readonly #store: FlashStore;
  readonly #supply = new Supply();
  readonly #seed: number;
  readonly #erasesThroughZeros: boolean;
  /** What an erase leaves in a sector. */
  readonly #blank: Uint8Array;
  readonly #noise: Seeded;
  readonly #traces = new Set<FlashOperation[]>();

  constructor(geometry: FlashGeometry, store: FlashStore, options: FlashOptions) {
    const { size, sectorSize, programUnit } = geometry;
    const sectors = size / sectorSize;
    this.size = size;
    this.sectorSize = sectorSize;
    this.programUnit = programUnit;
    this.wear = new Array<number>(sectors).fill(0);
    this.#seed = options.seed ?? 0;
    this.#erasesThroughZeros = options.erasesThroughZeros ?? false;
    this.#counts = new Counts(sectors);
    this.#lives = sectorLives(sectors, this.#seed, options);
    this.#hasEndurance = this.#lives.some(({ endurance }) => Number.isFinite(endurance));
    this.#cells = new Cells(geometry, store);
    this.#store = store;
    this.#blank = new Uint8Array(sectorSize).fill(ERASED);
    this.#noise = seeded(seedOf(this.#seed, streams.noise));
  }

  get counters(): FlashCounters {
    return this.#counts.total;
  }

  get isPowered(): boolean {
    return this.#supply.isPowered;
  }

  get weakBits(): readonly number[] {
    return this.#cells.weakBits;
  }

  read(offset: number, length: number): ArrayBuffer {
    this.#supply.need();
    if (!this.#isWithin(offset, length) || length > READ_SIZE_MAX)
      throw new RangeError(`a read of ${length} bytes at ${offset} breaks the contract of flash`);
    const end = offset + length;
    let isReadable = true;
    for (let at = offset; at < end; ) {
      const sector = this.#sectorOf(at);
      const next = Math.min(end, (sector + 1) * this.sectorSize);
      this.#counts.readIn(sector, next - at);
      if (this.#failureOf(sector) === 'readFails') isReadable = false;
      at = next;
    }
    this.#counts.total.reads += 1;
    this.#counts.total.bytesRead += length;
    return isReadable ? this.#cells.read(offset, length, this.#noise).buffer : new ArrayBuffer(0);
  }

  program(offset: number, data: ArrayBuffer): FlashStatus {
    this.#supply.need();
    const asked = new Uint8Array(data);
    if (!this.#takes(offset, asked)) return this.#refuse();
    const { length } = asked;
    const sector = this.#sectorOf(offset);
    const failure = this.#failureOf(sector);
    const next = failure === undefined ? asked : this.#programmedWorn(failure, offset, asked);
    this.#operate({ op: 'program', offset, length, next, spentAfter: 1, isThroughZeros: false });
    if (failure === 'programFails') return this.#fail(flashStatus.programFailed);
    this.#counts.program(sector, length);
    return flashStatus.ok;
  }

  erase(offset: number): FlashStatus {
    this.#supply.need();
    if (!isMultiple(offset, this.sectorSize) || offset >= this.size) return this.#refuse();
    const sector = this.#sectorOf(offset);
    const erases = this.wear[sector] as number;
    const { endurance, failure } = this.#lives[sector] as SectorLife;
    const operation = { op: 'erase', offset, length: this.sectorSize } as const;
    const worn = this.#broken.get(sector) ?? (erases >= endurance ? failure : undefined);
    if (worn === 'eraseFails') {
      const next = this.#held(offset, this.sectorSize);
      this.#operate({ ...operation, next, spentAfter: undefined, isThroughZeros: false });
      return this.#fail(flashStatus.eraseFailed);
    }
    this.wear[sector] = erases + 1;
    const isDone = worn !== 'eraseDoesNothing';
    const next = isDone ? this.#blank : this.#held(offset, this.sectorSize);
    const isThroughZeros = isDone && this.#erasesThroughZeros;
    this.#operate({ ...operation, next, spentAfter: 0, isThroughZeros });
    this.#counts.erase(sector);
    return flashStatus.ok;
  }

  sync(): void {
    this.#supply.need();
    this.#store.sync();
    const { armed } = this.#supply;
    if (armed?.synced !== undefined)
      this.#supply.armed = { ...armed, synced: this.#cells.capture() };
    this.#counts.total.syncs += 1;
  }

  sectorCounters(sector: number): SectorCounters {
    return { ...this.#counts.of(sector) };
  }

  traceOperations(): FlashTrace {
    const operations: FlashOperation[] = [];
    this.#traces.add(operations);
    return { operations, [Symbol.dispose]: () => void this.#traces.delete(operations) };
  }

  losePowerAfter(operations: number, cut: PowerCut = {}): void {
    const synced = cut.unsynced === 'lost' ? this.#cells.capture() : undefined;
    this.#supply.arm(operations, cut, synced);
  }

  restorePower(): void {
    this.#supply.isPowered = true;
  }

  contents(): Uint8Array {
    return this.#cells.bytes.slice();
  }

  breakSector(sector: number, failure: WearFailure | undefined): void {
    this.#counts.of(sector);
    if (failure === undefined) this.#broken.delete(sector);
    else this.#broken.set(sector, failure);
  }

  damage(offset: number, data: Uint8Array): void {
    this.#cells.put(offset, data);
  }

  rot({ seed, flips, offset = 0, length = this.size - offset }: Rot): readonly number[] {
    if (!this.#isWithin(offset, length) || !isWhole(flips) || flips > length * 8)
      throw new RangeError(`${flips} bits cannot rot in ${length} bytes at ${offset}`);
    const random = seeded(seedOf(this.#seed, streams.rot, seed));
    return rotBits(this.#cells, flips, offset, length, random);
  }

  snapshot(): FlashSnapshot {
    return {
      sectors: this.#cells.capture(),
      wear: [...this.wear],
      noise: this.#noise.state,
      broken: new Map(this.#broken),
      isPowered: this.#supply.isPowered,
      cut: this.#supply.armed,
    };
  }

  restore({ sectors, wear, noise, broken, isPowered, cut }: FlashSnapshot): void {
    this.#cells.restore(sectors);
    this.#broken.clear();
    for (const [sector, failure] of broken) this.#broken.set(sector, failure);
    for (const [sector, erases] of wear.entries()) this.wear[sector] = erases;
    this.#noise.state = noise;
    this.#supply.isPowered = isPowered;
    this.#supply.armed = cut;
  }

  reseed(seed: number): void {
    this.#noise.state = seedOf(this.#seed, streams.noise, seed);
  }

  digest(): string {
    const hash = createHash('sha256').update(this.#cells.digests());
    if (this.#hasEndurance) hash.update(this.wear.join());
    for (const [sector, failure] of [...this.#broken].sort(([a], [b]) => a - b))
      hash.update(`${sector} ${failure}`);
    return hash.digest('hex');
  }

  close(): void {
    this.#store.close();
  }

  #operate(change: Change): void {
    for (const operations of this.#traces)
      operations.push({ op: change.op, offset: change.offset, length: change.length });
    const cut = this.#supply.begin();
    if (cut === undefined) {
      finish(this.#cells, change);
      return;
    }
    this.#counts.total.cuts += 1;
    cutShort(this.#cells, change, cut, this.#seed);
    this.#supply.fail();
  }

  /** Whether the chip takes a program: in place, and within blank units only. */
  #takes(offset: number, data: Uint8Array): boolean {
    const { length } = data;
    const isInPlace =
      isMultiple(offset, this.programUnit) &&
      isMultiple(length, this.programUnit) &&
      length > 0 &&
      length <= PROGRAM_SIZE_MAX &&
      offset + length <= this.size &&
      this.#sectorOf(offset) === this.#sectorOf(offset + length - 1);
    if (!isInPlace || this.#cells.hasSpent(offset, length)) return false;
    // Where an erase did nothing the chip takes the sector for blank, and what was there before for its own bits.
    if (this.#failureOf(this.#sectorOf(offset)) === 'eraseDoesNothing') return true;
    const { bytes } = this.#cells;
    for (let at = 0; at < length; at += 1)
      if (((data[at] as number) & ~(bytes[offset + at] as number)) !== 0) return false;
    return true;
  }

  /** How a sector fails, once it is broken or took more erases than it stands. */
  #failureOf(sector: number): WearFailure | undefined {
    const { endurance, failure } = this.#lives[sector] as SectorLife;
    return (
      this.#broken.get(sector) ?? ((this.wear[sector] as number) > endurance ? failure : undefined)
    );
  }

  /** What a program leaves in a sector that is worn out. */
  #programmedWorn(failure: WearFailure, offset: number, asked: Uint8Array): Uint8Array {
    const held = this.#held(offset, asked.length);
    switch (failure) {
      case 'programFails': {
        const { done } = tear('bitSubset', asked.length >> 1, held, asked, this.#noise);
        return held.map((old, at) => old & ~(done[at] as number)); // what changes are bits to clear
      }
      case 'programDoesNothing':
        return held;
      case 'eraseDoesNothing':
        return held.map((old, at) => old & (asked[at] as number));
      case 'eraseFails':
      case 'readFails':
        return asked;
    }
  }

  /** What the cells hold, to look at until the next change. */
  #held(offset: number, length: number): Uint8Array {
    return this.#cells.bytes.subarray(offset, offset + length);
  }

  #refuse(): FlashStatus {
    this.#counts.total.refused += 1;
    return flashStatus.refused;
  }

  #fail(status: FlashStatus): FlashStatus {
    this.#counts.total.failed += 1;
    return status;
  }

  #isWithin(offset: number, length: number): boolean {
    return isWhole(offset) && isWhole(length) && offset + length <= this.size;
  }

  #sectorOf(offset: number): number {
    return Math.floor(offset / this.sectorSize);
  }
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isMultiple(value: number, of: number): boolean {
  return isWhole(value) && value % of === 0;
}
