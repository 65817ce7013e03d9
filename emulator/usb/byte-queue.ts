/** Bytes on their way to a host that takes as many as it has room for; what does not fit is lost, as on a wire. */

export interface ByteQueue {
  readonly size: number;
  push(bytes: Uint8Array): void;
  /** As many as there are, `room` at most; none where there are none. */
  take(room: number): Uint8Array;
  clear(): void;
}

export function createByteQueue(sizeMax: number): ByteQueue {
  let parts: Uint8Array[] = [];
  let size = 0;
  return {
    get size() {
      return size;
    },
    push(bytes) {
      if (size + bytes.length > sizeMax) return;
      parts.push(bytes);
      size += bytes.length;
    },
    take(room) {
      const all = Buffer.concat(parts);
      const rest = all.subarray(room);
      parts = rest.length === 0 ? [] : [rest];
      size = rest.length;
      return all.subarray(0, room);
    },
    clear() {
      parts = [];
      size = 0;
    },
  };
}
