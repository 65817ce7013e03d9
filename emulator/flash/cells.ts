/**
 * The cells of a part: bytes, which units are spent, which bits are weak; with pictures of them that cost only what
 * changed since the last one.
 */

import { createHash } from 'node:crypto';
import type { FlashGeometry, FlashStore } from '../flash.ts';
import type { Seeded } from './seeded.ts';
import type { Torn } from './tear.ts';

/** What cells hold after an erase. */
export const ERASED = 0xff;

/** A sector as it was at one moment; shared between pictures, never changed. Plain data, so a worker can be sent one. */
export interface SectorImage {
  readonly bytes: Uint8Array;
  /** One entry a unit: 1 where it takes no program before the next erase. */
  readonly spent: Uint8Array;
  /** Bits of a byte, by its offset in the part. */
  readonly weak: ReadonlyMap<number, number> | undefined;
  /** SHA-256 over all of it, once it was asked for. */
  digest: Uint8Array | undefined;
}

export class Cells {
  /** What a read would give were no bit weak; a weak bit stands as it was before it tore. */
  readonly bytes: Uint8Array;
  readonly sectorSize: number;
  readonly programUnit: number;
  readonly #store: FlashStore;
  readonly #spent: Uint8Array;
  /** By sector. */
  readonly #weak: (Map<number, number> | undefined)[];
  /** By sector: its picture, where it did not change since that was taken. */
  readonly #images: (SectorImage | undefined)[];

  constructor(geometry: FlashGeometry, store: FlashStore) {
    const sectors = geometry.size / geometry.sectorSize;
    this.bytes = store.bytes;
    this.programUnit = geometry.programUnit;
    this.sectorSize = geometry.sectorSize;
    this.#store = store;
    this.#spent = spentUnits(store.bytes, geometry.programUnit);
    this.#weak = new Array(sectors).fill(undefined);
    this.#images = new Array(sectors).fill(undefined);
  }

  /** Bit numbers (offset × 8 + bit, the lowest bit is 0) of all weak bits, in ascending order. */
  get weakBits(): number[] {
    const numbers: number[] = [];
    for (const weak of this.#weak)
      for (const [offset, mask] of weak ?? [])
        for (let bit = 0; bit < 8; bit += 1)
          if ((mask & (1 << bit)) !== 0) numbers.push(offset * 8 + bit);
    return numbers;
  }

  /** A copy as the chip reads it: every weak bit by a draw of its own. */
  read(offset: number, length: number, noise: Seeded): Uint8Array<ArrayBuffer> {
    const end = offset + length;
    const copy = this.bytes.slice(offset, end);
    for (let sector = this.#sectorOf(offset); sector < this.#weak.length; sector += 1) {
      if (sector * this.sectorSize >= end) break;
      for (const [at, mask] of this.#weak[sector] ?? [])
        if (at >= offset && at < end)
          copy[at - offset] = (copy[at - offset] as number) ^ (noise.next() & mask);
    }
    return copy;
  }

  /** Whether any unit of a range takes no program. Offset and length are whole units. */
  hasSpent(offset: number, length: number): boolean {
    const { programUnit } = this;
    const end = (offset + length) / programUnit;
    for (let unit = offset / programUnit; unit < end; unit += 1)
      if (this.#spent[unit] === 1) return true;
    return false;
  }

  setSpent(offset: number, length: number, spent: 0 | 1): void {
    const { programUnit } = this;
    this.#spent.fill(spent, offset / programUnit, (offset + length) / programUnit);
    this.#touch(offset, length);
  }

  /** Sets bytes for good: no bit of them is weak after that. */
  put(offset: number, data: Uint8Array): void {
    this.bytes.set(data, offset);
    for (let sector = this.#sectorOf(offset); sector < this.#weak.length; sector += 1) {
      if (sector * this.sectorSize >= offset + data.length) break;
      for (const at of this.#weak[sector]?.keys() ?? [])
        if (at >= offset && at < offset + data.length) this.#setWeak(at, 0);
    }
    this.#changed(offset, data.length);
  }

  /** Leaves an operation torn: bits that are not done stay as they were, weak ones among them too. */
  tear(offset: number, next: Uint8Array, { done, weak }: Torn): void {
    const { bytes } = this;
    const weakBefore = this.#weak[this.#sectorOf(offset)]; // an operation lies in one sector
    for (let index = 0; index < next.length; index += 1) {
      const at = offset + index;
      const reached = done[index] as number;
      bytes[at] = ((bytes[at] as number) & ~reached) | ((next[index] as number) & reached);
      const weakNow = weak[index] as number;
      if (weakNow === 0 && weakBefore === undefined) continue;
      this.#setWeak(at, ((weakBefore?.get(at) ?? 0) & ~reached) | weakNow);
    }
    this.#changed(offset, next.length);
  }

  /** Turns one bit round. @param number offset × 8 + bit */
  flip(number: number): void {
    const at = number >> 3;
    this.bytes[at] = (this.bytes[at] as number) ^ (1 << (number & 7));
    this.#changed(at, 1);
  }

  /** Where spent units begin that lie in a range, clipped to the part. */
  spentOffsets(from: number, end: number): number[] {
    const { programUnit } = this;
    const offsets: number[] = [];
    const first = Math.max(0, Math.ceil(from / programUnit));
    const last = Math.min(this.#spent.length, Math.floor(end / programUnit));
    for (let unit = first; unit < last; unit += 1)
      if (this.#spent[unit] === 1) offsets.push(unit * programUnit);
    return offsets;
  }

  /** All sectors as they are now. */
  capture(): SectorImage[] {
    return this.#images.map((_, sector) => this.#imageOf(sector));
  }

  /**
   * Makes all sectors what a picture shows; those that are so already cost nothing.
   * @throws RangeError where it shows a part of other sizes
   */
  restore(images: readonly SectorImage[]): void {
    const { programUnit, sectorSize } = this;
    const [first] = images;
    const fits =
      images.length === this.#images.length &&
      first?.bytes.length === sectorSize &&
      first.spent.length === sectorSize / programUnit;
    if (!fits) throw new RangeError('this is the snapshot of a part of other sizes');
    images.forEach((image, sector) => {
      if (this.#images[sector] === image) return;
      const offset = sector * sectorSize;
      this.bytes.set(image.bytes, offset);
      this.#spent.set(image.spent, offset / programUnit);
      this.#weak[sector] = image.weak === undefined ? undefined : new Map(image.weak);
      this.#images[sector] = image;
      this.#store.changed(offset, sectorSize);
    });
  }

  /** SHA-256 of every sector, one behind the other: bytes, spent units and weak bits. */
  digests(): Uint8Array {
    const all = new Uint8Array(32 * this.#images.length);
    this.#images.forEach((_, sector) => {
      const image = this.#imageOf(sector);
      image.digest ??= digestOf(image);
      all.set(image.digest, 32 * sector);
    });
    return all;
  }

  #imageOf(sector: number): SectorImage {
    const known = this.#images[sector];
    if (known !== undefined) return known;
    const { programUnit, sectorSize } = this;
    const units = sectorSize / programUnit;
    const weak = this.#weak[sector];
    const image: SectorImage = {
      bytes: this.bytes.slice(sector * sectorSize, (sector + 1) * sectorSize),
      spent: this.#spent.slice(sector * units, (sector + 1) * units),
      weak: weak === undefined ? undefined : new Map(weak),
      digest: undefined,
    };
    this.#images[sector] = image;
    return image;
  }

  #setWeak(at: number, mask: number): void {
    const sector = this.#sectorOf(at);
    const weak = this.#weak[sector];
    if (mask === 0) weak?.delete(at);
    else if (weak?.has(at)) weak.set(at, mask);
    else this.#weak[sector] = ascending([...(weak ?? []), [at, mask]]);
    if (this.#weak[sector]?.size === 0) this.#weak[sector] = undefined;
  }

  #sectorOf(offset: number): number {
    return Math.floor(offset / this.sectorSize);
  }

  #changed(offset: number, length: number): void {
    this.#touch(offset, length);
    this.#store.changed(offset, length);
  }

  /** The pictures of these sectors are out of date. */
  #touch(offset: number, length: number): void {
    const last = this.#sectorOf(offset + length - 1);
    for (let sector = this.#sectorOf(offset); sector <= last; sector += 1)
      this.#images[sector] = undefined;
  }
}

/** In one order, whatever order they became weak in: noise is drawn in the order of the bytes. */
function ascending(entries: readonly (readonly [number, number])[]): Map<number, number> {
  return new Map([...entries].sort(([a], [b]) => a - b));
}

function digestOf({ bytes, spent, weak }: SectorImage): Uint8Array {
  const hash = createHash('sha256').update(bytes).update(spent);
  for (const [at, mask] of weak ?? []) hash.update(`${at} ${mask} `);
  return hash.digest();
}

function spentUnits(bytes: Uint8Array, programUnit: number): Uint8Array {
  const spent = new Uint8Array(bytes.length / programUnit);
  for (let at = 0; at < bytes.length; at += 1)
    if (bytes[at] !== ERASED) spent[Math.floor(at / programUnit)] = 1;
  return spent;
}
