/**
 * What journals and jobs need of the disk of their host, as one interface: the disk of this computer, or one that a test
 * cuts off from power in the middle of anything.
 */

import { createReadStream, existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rm } from 'node:fs/promises';
import { PRIVATE_MODE, syncFolder, writePrivateFile } from './file.ts';
import { lockFile } from './file-lock.ts';

/** A file of lines that is read and appended to; a FileHandle is one. */
export type LineFile = Pick<FileHandle, 'read' | 'appendFile' | 'datasync' | 'truncate' | 'close'>;

/** A file that is written from its beginning; a FileHandle is one. */
export type NewFile = Pick<FileHandle, 'writeFile' | 'sync' | 'close'>;

/** What goes wrong is an Error with `code` and `syscall`, as Node's. */
export interface Disk {
  exists(path: string): boolean;
  /** With the folders above it, for the owner only. */
  makeFolder(path: string): Promise<void>;
  /** Makes the names in a folder durable. */
  syncFolder(path: string): Promise<void>;
  /** Opens for reading and appending, and makes the file where it is missing, for the owner only. */
  openLines(path: string): Promise<LineFile>;
  /** Begins a file anew, for the owner only. */
  create(path: string): Promise<NewFile>;
  /**
   * Puts a file in its place whole or not at all, durable when this returns, for the owner only.
   * @param mode `new`: fails with EEXIST where the path is taken. `replace`: takes the place of what is there
   */
  writeWhole(path: string, content: Uint8Array, mode: 'new' | 'replace'): Promise<void>;
  readWhole(path: string): Promise<Uint8Array>;
  /** Piece by piece. */
  read(path: string): AsyncIterable<Uint8Array>;
  /** Where it is there. */
  remove(path: string): Promise<void>;
  /** Until it is disposed of or its process ends; undefined where somebody holds it. */
  lock(path: string): Disposable | undefined;
}

/** The disk of this computer. */
export const hostDisk: Disk = {
  exists: existsSync,
  async makeFolder(path) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
  syncFolder,
  openLines: (path) => open(path, 'a+', PRIVATE_MODE),
  create: (path) => open(path, 'w', PRIVATE_MODE),
  writeWhole: writePrivateFile,
  readWhole: readFile,
  read: createReadStream,
  remove: (path) => rm(path, { force: true }),
  lock: lockFile,
};
