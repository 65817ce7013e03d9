/** Every implementation of emulated flash, small enough that tests can look at each bit, and how to ask them. */

import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  createMemoryFlash,
  type FlashDevice,
  type FlashGeometry,
  type FlashOptions,
} from '#emulator/flash';
import { openFlashFile } from '#emulator/flash-file';
import { FlashMisuse, strictFlash } from '#emulator/flash-strict';
import { PowerLost } from '#emulator/power';
import { flashStatus } from '#hw/flash';
import { temporaryFolder } from '#test/support/temporary-folder';

/** Four sectors of four units. */
export const SMALL: FlashGeometry = { size: 256, sectorSize: 64, programUnit: 16 };

type Make = (options: FlashOptions & { geometry: FlashGeometry }) => FlashDevice;

function fileFlash(options: FlashOptions & { geometry: FlashGeometry }): FlashDevice {
  const flash = openFlashFile(join(temporaryFolder(), 'flash.bin'), options);
  onTestFinished(() => flash.close());
  return flash;
}

export const implementations: readonly (readonly [string, Make])[] = [
  ['memory', createMemoryFlash],
  ['file', fileFlash],
  ['strict', (options) => strictFlash(createMemoryFlash(options))],
];

export const filled = (size: number, value: number): ArrayBuffer =>
  new Uint8Array(size).fill(value).buffer;
export const unit = (value: number): ArrayBuffer => filled(16, value);
export const bytesOf = (flash: FlashDevice, offset: number, length: number): Uint8Array =>
  new Uint8Array(flash.read(offset, length));

/** What a call answers; a strict flash throws where a plain one refuses. */
export function status(call: () => number): number {
  try {
    return call();
  } catch (error) {
    if (error instanceof FlashMisuse) return flashStatus.refused;
    throw error;
  }
}

/** Whether a call came back before power failed. */
export function survives(call: () => void): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if (error instanceof PowerLost) return false;
    throw error;
  }
}

/** Numbers (offset × 8 + bit) of the bits in which two pictures differ. */
export function differingBits(one: Uint8Array, other: Uint8Array): number[] {
  return Array.from(one).flatMap((value, at) => {
    const mask = value ^ (other[at] as number);
    return [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => mask & (1 << bit)).map((bit) => at * 8 + bit);
  });
}
