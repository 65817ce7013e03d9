/** A disk that is a few files in memory, for what a host reads back: quick, and gone with its input. */

import { type Disk, hostDisk } from '#driver/disk';

export interface MemoryDisk {
  readonly disk: Disk;
  readonly files: Map<string, Uint8Array>;
}

const missing = (path: string): Error =>
  Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT', syscall: 'open' });

export function memoryDisk(): MemoryDisk {
  const files = new Map<string, Uint8Array>();
  const read = (path: string): Uint8Array => {
    const content = files.get(path);
    if (content === undefined) throw missing(path);
    return content;
  };
  const append = (path: string, more: Uint8Array): void => {
    files.set(path, Buffer.concat([files.get(path) ?? new Uint8Array(0), more]));
  };
  const disk = {
    ...hostDisk,
    exists: (path) => files.has(path),
    makeFolder: async () => undefined,
    syncFolder: async () => undefined,
    async openLines(path) {
      if (!files.has(path)) files.set(path, new Uint8Array(0));
      return {
        async read(buffer: Buffer, offset: number, length: number, position: number) {
          const part = read(path).subarray(position, position + length);
          buffer.set(part, offset);
          return { bytesRead: part.length, buffer };
        },
        appendFile: async (text: string) => append(path, Buffer.from(text)),
        datasync: async () => undefined,
        async truncate(size: number) {
          files.set(path, read(path).slice(0, size));
        },
        close: async () => undefined,
      } as never; // of a FileHandle, what the journals call
    },
    async writeWhole(path, content) {
      files.set(path, content);
    },
    readWhole: async (path) => read(path),
    async *read(path) {
      yield read(path);
    },
    async remove(path) {
      files.delete(path);
    },
    lock: () => ({ [Symbol.dispose]: () => undefined }),
  } satisfies Disk;
  return { disk, files };
}
