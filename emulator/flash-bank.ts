/**
 * Many flashes behind one log, so that one sync of the disk makes the work of many meters durable at once (group commit;
 * requirements.md G4; architecture.md decision 5).
 *
 * A change goes to the end of one log; the file of each flash (flash-file.ts) follows when the bank is closed, or opened
 * again after a crash, from the log alone. The firmware's sync() does not wait for the disk here: its board holds back what
 * it sent until the disk has the log, see {@link FlashBank.release}. From outside that is the same: what left was durable.
 */

import {
  closeSync,
  existsSync,
  fdatasync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from '#protocol/crc32';
import { lockFile } from './file-lock.ts';
import {
  createFlash,
  DEFAULT_FLASH_GEOMETRY,
  type FlashDevice,
  type FlashGeometry,
  type FlashOptions,
} from './flash.ts';
import { openFlashFile, syncDirectory } from './flash-file.ts';

const LOG_FILE = 'bank.log';
const NAME = /^[\w-]{1,64}$/;
/** CRC, size of the name, offset, size of the data: then name and data. */
const HEAD_SIZE = 4 + 1 + 4 + 4;

/** Bytes of the log, from which on the files of the flashes are brought up to it. */
const LOG_SIZE_MAX = 64 * 1024 * 1024;

const datasync = promisify(fdatasync);

export interface FlashBank extends AsyncDisposable {
  /**
   * The flash of a meter, blank where it has none yet; it is closed with the bank.
   * @param name letters, digits, `_` and `-`, 64 at most
   * @throws Error where it is open already, or has another size
   */
  open(name: string, options?: FlashOptions & { readonly geometry?: FlashGeometry }): FlashDevice;
  /**
   * Hands something out once all changes so far are on disk; in the order in which it was asked. To be given to the board
   * as what releases its output.
   */
  release(deliver: () => void): void;
  /** How often the disk was synced, and how much was written, since the bank was opened. */
  readonly counters: { readonly syncs: number; readonly bytes: number };
  /** What the disk refused; nothing is released any more then. */
  readonly failure: Error | undefined;
}

/**
 * Opens a bank, or makes one; finishes what a crash left in its log.
 * @throws Error where another process has it open
 */
export function openFlashBank(directory: string): FlashBank {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, LOG_FILE);
  const lock = lockFile(path);
  try {
    apply(directory, path);
    return new Bank(directory, path, lock);
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

class Bank implements FlashBank {
  readonly #directory: string;
  readonly #path: string;
  readonly #lock: Disposable;
  readonly #log: number;
  readonly #open = new Set<string>();
  readonly #counters = { syncs: 0, bytes: 0 };
  /** Changes that are not written yet. */
  #changes: Uint8Array[] = [];
  #logSize = 0;
  #waiting: (() => void)[] = [];
  #syncing: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor(directory: string, path: string, lock: Disposable) {
    this.#directory = directory;
    this.#path = path;
    this.#lock = lock;
    this.#log = openSync(path, 'a', 0o600);
    syncDirectory(directory);
  }

  get counters(): FlashBank['counters'] {
    return this.#counters;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  open(
    name: string,
    options: FlashOptions & { readonly geometry?: FlashGeometry } = {},
  ): FlashDevice {
    const { geometry = DEFAULT_FLASH_GEOMETRY } = options;
    if (!NAME.test(name)) throw new RangeError(`${name} is no name of a flash`);
    if (this.#open.has(name)) throw new Error(`The flash ${name} is open already.`);
    const bytes = storedBytes(this.#directory, name, geometry);
    this.#open.add(name);
    const store = {
      bytes,
      changed: (offset: number, length: number) =>
        void this.#changes.push(
          encodeChange(name, offset, bytes.subarray(offset, offset + length)),
        ),
      sync: () => undefined, // the board waits for the disk, see release
      close: () => void this.#open.delete(name),
    };
    return createFlash(geometry, store, options);
  }

  release(deliver: () => void): void {
    this.#waiting.push(deliver);
    this.#syncing ??= this.#syncAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#syncing;
    try {
      this.#write();
      if (this.#failure === undefined) fdatasyncSync(this.#log);
    } finally {
      closeSync(this.#log);
    }
    try {
      if (this.#failure === undefined) apply(this.#directory, this.#path);
    } finally {
      this.#lock[Symbol.dispose]();
    }
  }

  /** One sync after the other for as long as somebody waits; whoever comes while one is under way shares the next. */
  async #syncAll(): Promise<void> {
    await undefined; // whoever asks in the same turn shares this one
    while (this.#waiting.length > 0 && this.#failure === undefined) {
      const ready = this.#waiting;
      this.#waiting = [];
      try {
        this.#write();
        await datasync(this.#log);
        this.#counters.syncs += 1;
        if (this.#logSize > LOG_SIZE_MAX) this.#checkpoint();
      } catch (cause) {
        this.#failure = new Error(`The disk does not take ${this.#path}.`, { cause });
        break;
      }
      for (const deliver of ready) handOut(deliver);
    }
    this.#syncing = undefined;
  }

  /** What is not written yet goes to the empty log. */
  #checkpoint(): void {
    apply(this.#directory, this.#path);
    this.#logSize = 0;
  }

  #write(): void {
    const [first, ...others] = this.#changes;
    if (first === undefined) return;
    this.#changes = [];
    const bytes = others.length === 0 ? first : Buffer.concat([first, ...others]);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#log, bytes, at);
    this.#logSize += bytes.length;
    this.#counters.bytes += bytes.length;
  }
}

/** A defect of one who is told keeps nothing from the others; it surfaces as an error of nobody. */
function handOut(deliver: () => void): void {
  try {
    deliver();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function storedBytes(directory: string, name: string, geometry: FlashGeometry): Uint8Array {
  const file = openFlashFile(join(directory, `${name}.bin`), { geometry });
  try {
    return file.contents();
  } finally {
    file.close();
  }
}

function encodeChange(name: string, offset: number, data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(HEAD_SIZE + name.length + data.length);
  bytes.writeUInt8(name.length, 4);
  bytes.writeUInt32LE(offset, 5);
  bytes.writeUInt32LE(data.length, 9);
  bytes.write(name, HEAD_SIZE, 'latin1');
  bytes.set(data, HEAD_SIZE + name.length);
  bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
  return bytes;
}

interface Change {
  readonly name: string;
  readonly offset: number;
  readonly data: Uint8Array;
}

/** The changes of a log up to the first that is not whole: a crash cuts the end off, and nothing behind it was told. */
function* changesIn(log: Buffer): Generator<Change> {
  for (let at = 0; at + HEAD_SIZE <= log.length; ) {
    const nameSize = log.readUInt8(at + 4);
    const dataSize = log.readUInt32LE(at + 9);
    const end = at + HEAD_SIZE + nameSize + dataSize;
    if (end > log.length || crc32(log.subarray(at + 4, end)) !== log.readUInt32LE(at)) return;
    const name = log.toString('latin1', at + HEAD_SIZE, at + HEAD_SIZE + nameSize);
    if (!NAME.test(name)) return;
    yield { name, offset: log.readUInt32LE(at + 5), data: log.subarray(end - dataSize, end) };
    at = end;
  }
}

/** Brings the files of the flashes up to the log and empties it; may be done again from the start after a crash. */
function apply(directory: string, path: string): void {
  if (!existsSync(path)) return;
  const files = new Map<string, number>();
  try {
    for (const { name, offset, data } of changesIn(readFileSync(path))) {
      const file = files.get(name) ?? openSync(join(directory, `${name}.bin`), 'r+');
      files.set(name, file);
      for (let at = 0; at < data.length; )
        at += writeSync(file, data, at, data.length - at, offset + at);
    }
    for (const file of files.values()) fdatasyncSync(file);
  } finally {
    for (const file of files.values()) closeSync(file);
  }
  const log = openSync(path, 'r+');
  try {
    ftruncateSync(log);
    fdatasyncSync(log);
  } finally {
    closeSync(log);
  }
}
