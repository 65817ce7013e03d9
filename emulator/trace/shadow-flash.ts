/** What flash holds as a trace tells it, so that a read is an event of a few bytes, and a power-up tells only what is new. */

import { ERASED, type FlashGeometry } from '../flash.ts';
import { type HardwareCallEvent, isSecret, type Patch, secret } from './event.ts';

/** Bytes that are told together where one of them is new. */
const BLOCK = 64;

export class ShadowFlash {
  #bytes = new Uint8Array(0);
  #sectorSize = 0;

  /** Begins blank; again where the part is another one. */
  open({ size, sectorSize }: FlashGeometry): void {
    this.#sectorSize = sectorSize;
    if (size !== this.#bytes.length) this.#bytes = new Uint8Array(size).fill(ERASED);
  }

  read(offset: number, length: number): Uint8Array {
    return this.#bytes.slice(offset, offset + length);
  }

  /** Takes part in a program or an erase that went well. */
  follow({ path, given, outcome }: HardwareCallEvent): void {
    const isDone = 'answer' in outcome && outcome.answer === 0;
    if (!isDone) return;
    const [offset, data] = given;
    if (path === 'flash.erase' && typeof offset === 'number')
      this.#bytes.fill(ERASED, offset, offset + this.#sectorSize);
    if (path === 'flash.program' && typeof offset === 'number' && isSecret(data))
      for (const [place, byte] of (data.bytes ?? []).entries())
        this.#bytes[offset + place] = (this.#bytes[offset + place] as number) & byte;
  }

  /** Becomes what the part holds. @returns where that was something else */
  catchUp(contents: Uint8Array): Patch[] {
    const patches: { offset: number; end: number }[] = [];
    for (let offset = 0; offset < contents.length; offset += BLOCK) {
      const end = offset + BLOCK;
      const isSame = Buffer.compare(
        contents.subarray(offset, end),
        this.#bytes.subarray(offset, end),
      );
      if (isSame === 0) continue;
      const last = patches.at(-1);
      if (last?.end === offset) last.end = end;
      else patches.push({ offset, end });
    }
    this.#bytes = contents.slice();
    return patches.map(({ offset, end }) => ({
      offset,
      data: secret(contents.slice(offset, end)),
    }));
  }

  patch(patches: readonly Patch[]): void {
    for (const { offset, data } of patches) this.#bytes.set(data.bytes ?? [], offset);
  }
}
