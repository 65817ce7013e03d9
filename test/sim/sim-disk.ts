/**
 * The disk of a simulated host. What was written and not synced outlives the end of a program, and may outlive a power cut
 * or not: any part of it from its beginning on, with zeros where the rest should be, or nothing.
 */

import { dirname } from 'node:path';
import type { Disk, LineFile, NewFile } from '#driver/disk';
import type { Host } from './host.ts';
import type { Random } from './random.ts';

interface StoredFile {
  content: Uint8Array;
  /** What is sure to be there after a power cut; undefined where not even the name is. */
  durable: Uint8Array | undefined;
}

export interface SimDisk {
  /** The disk as the programs of a host see it. */
  of(host: Host): Disk;
  /** What a power cut leaves. */
  losePower(random: Random): void;
  /** The locks of a host go with it. */
  forgetLocks(): void;
  /** Bytes that still fit; everything from then on until it is set again. */
  free: number;
  /** What is durable now, whole lines of it. */
  durableLines(path: string): readonly string[];
  readonly paths: readonly string[];
}

const EMPTY = new Uint8Array(0);

/** @param onDurable told each time when content of a file has become durable */
export function createSimDisk(onDurable: (path: string, content: Uint8Array) => void): SimDisk {
  const files = new Map<string, StoredFile>();
  const locks = new Set<string>();
  const self: SimDisk = {
    of: (host) => diskOf(host, files, locks, self, onDurable),
    free: Number.POSITIVE_INFINITY,
    forgetLocks: () => locks.clear(),
    losePower(random) {
      for (const [path, file] of files) {
        const left = remains(file, random);
        if (left === undefined) files.delete(path);
        else files.set(path, { content: left, durable: left });
      }
    },
    durableLines(path) {
      const text = Buffer.from(files.get(path)?.durable ?? EMPTY).toString();
      return text
        .slice(0, text.lastIndexOf('\n') + 1)
        .split('\n')
        .slice(0, -1);
    },
    get paths() {
      return [...files.keys()];
    },
  };
  return self;
}

/** Content of a file after a power cut; undefined where there is no such file any more. */
function remains({ content, durable }: StoredFile, random: Random): Uint8Array | undefined {
  if (durable === undefined && random.chance(0.5)) return undefined;
  const before = durable ?? EMPTY;
  const isAppended = Buffer.from(content.subarray(0, before.length)).equals(before);
  if (!isAppended) return random.chance(0.5) ? content : before;
  const added = content.length - before.length;
  const kept = before.length + random.between(0, added);
  const left = content.slice(0, kept);
  if (added === 0 || random.chance(0.75)) return left;
  const zeros = new Uint8Array(random.between(kept, content.length));
  zeros.set(left);
  return zeros;
}

function failure(code: string, syscall: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${syscall} '${path}'`), { code, syscall });
}

function diskOf(
  host: Host,
  files: Map<string, StoredFile>,
  locks: Set<string>,
  disk: SimDisk,
  onDurable: (path: string, content: Uint8Array) => void,
): Disk {
  const { step } = host;
  const file = (path: string): StoredFile => {
    const found = files.get(path);
    if (found === undefined) throw failure('ENOENT', 'open', path);
    return found;
  };
  const made = (path: string): StoredFile => {
    const found = files.get(path) ?? { content: EMPTY, durable: undefined };
    files.set(path, found);
    return found;
  };

  /** As much as fits; where that is not all, what was written stays written. */
  function append(path: string, target: StoredFile, bytes: Uint8Array): void {
    const taken = Math.min(bytes.length, disk.free);
    disk.free -= taken;
    target.content = Buffer.concat([target.content, bytes.subarray(0, taken)]);
    if (taken < bytes.length) throw failure('ENOSPC', 'write', path);
  }
  function sync(path: string, target: StoredFile): void {
    target.durable = target.content.slice();
    onDurable(path, target.durable);
  }

  function linesOf(path: string): LineFile {
    const target = made(path);
    const read = async (buffer: Uint8Array, offset: number, length: number, position: number) => {
      const part = target.content.subarray(position, position + length);
      buffer.set(part, offset);
      return { bytesRead: part.length, buffer };
    };
    return {
      read: read as LineFile['read'],
      appendFile: (text) => step(() => append(path, target, Buffer.from(text as string))),
      datasync: () => step(() => sync(path, target)),
      truncate: (size) =>
        step(() => {
          target.content = target.content.slice(0, size ?? 0);
        }),
      close: () => step(() => undefined),
    };
  }

  function create(path: string): NewFile {
    const target: StoredFile = { content: EMPTY, durable: files.get(path)?.durable };
    files.set(path, target);
    return {
      writeFile: (bytes) => step(() => append(path, target, bytes as Uint8Array)),
      sync: () => step(() => sync(path, target)),
      close: () => step(() => undefined),
    };
  }

  return {
    exists: (path) => files.has(path),
    makeFolder: () => step(() => undefined),
    syncFolder: (path) =>
      step(() => {
        for (const [name, target] of files) if (dirname(name) === path) target.durable ??= EMPTY;
      }),
    openLines: (path) => step(() => linesOf(path)),
    create: (path) => step(() => create(path)),
    writeWhole: (path, content, mode) =>
      step(() => {
        if (mode === 'new' && files.has(path)) throw failure('EEXIST', 'link', path);
        if (content.length > disk.free) throw failure('ENOSPC', 'write', path);
        disk.free -= content.length;
        const whole = content.slice();
        files.set(path, { content: whole, durable: whole });
        onDurable(path, whole);
      }),
    readWhole: (path) => step(() => file(path).content.slice()),
    async *read(path) {
      yield await step(() => file(path).content.slice());
    },
    remove: (path) => step(() => void files.delete(path)),
    lock(path) {
      if (locks.has(path)) return undefined;
      locks.add(path);
      return { [Symbol.dispose]: () => void (host.hears() && locks.delete(path)) };
    },
  };
}
