/** Flash kept in a file: its bytes one to one, no header, one process at a time (requirements.md H3). */

import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { lockFile } from './file-lock.ts';
import {
  createFlash,
  DEFAULT_FLASH_GEOMETRY,
  ERASED,
  type FlashDevice,
  type FlashGeometry,
  type FlashOptions,
  type FlashStore,
} from './flash.ts';

/**
 * Programs reach the page cache in their order at once, and the disk at the latest by sync().
 * @param path made with all bytes erased where it does not exist, readable by its owner only
 * @throws Error where another emulator has it open, or where it has not the size of the geometry
 */
export function openFlashFile(
  path: string,
  options: FlashOptions & { geometry?: FlashGeometry } = {},
): FlashDevice {
  const { geometry = DEFAULT_FLASH_GEOMETRY } = options;
  const lock = lockFile(path);
  try {
    if (!existsSync(path)) createErased(path, geometry.size);
    const file = openSync(path, 'r+');
    try {
      return createFlash(geometry, createStore(file, readAll(file, path, geometry), lock), options);
    } catch (error) {
      closeSync(file);
      throw error;
    }
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

function createStore(file: number, bytes: Uint8Array, lock: Disposable): FlashStore {
  return {
    bytes,
    changed: (offset, length) => writeAll(file, bytes.subarray(offset, offset + length), offset),
    sync: () => fdatasyncSync(file),
    close: () => {
      closeSync(file);
      lock[Symbol.dispose]();
    },
  };
}

function createErased(path: string, size: number): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeAll(file, new Uint8Array(size).fill(ERASED), 0);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  syncDirectory(dirname(path));
}

/** Makes the names in a directory outlive a power cut of the computer. */
export function syncDirectory(path: string): void {
  if (process.platform === 'win32') return; // Windows keeps names by itself and opens no directories
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function readAll(file: number, path: string, { size }: FlashGeometry): Uint8Array {
  const actual = fstatSync(file).size;
  if (actual !== size)
    throw new Error(`${path} is no flash of this board: it has ${actual} bytes, not ${size}.`);
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; ) {
    const count = readSync(file, bytes, at, size - at, at);
    if (count === 0) throw new Error(`${path} became shorter while it was read.`);
    at += count;
  }
  return bytes;
}

function writeAll(file: number, bytes: Uint8Array, offset: number): void {
  for (let at = 0; at < bytes.length; )
    at += writeSync(file, bytes, at, bytes.length - at, offset + at);
}
