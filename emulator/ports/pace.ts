/** A port of a board at the speed of its serial line: bytes take their time, each way for itself (requirements.md H4). */

import type { PortLines } from '../board.ts';

/** Time and alarms; another one in tests. */
export interface PaceTimer {
  nowMs(): number;
  /** The function it gives ends that. */
  after(timeMs: number, action: () => void): () => void;
}

/** Start bit, eight bits, stop bit. */
const BITS_PER_BYTE = 10;
/** Bytes that wait for their turn; what comes after them is lost, as on a wire without flow control. */
const WAITING_SIZE_MAX = 64 * 1024;
/** How much is handed on at once: what a line carries in this time. */
const STEP_MS = 4;

const systemTimer: PaceTimer = {
  nowMs: () => performance.now(),
  after(timeMs, action) {
    const timer = setTimeout(action, timeMs).unref();
    return () => clearTimeout(timer);
  },
};

/**
 * The same board behind a slower line.
 * @param baud bits a second
 */
export function paced(
  board: PortLines,
  baud: number,
  timer: PaceTimer = systemTimer,
): PortLines & Disposable {
  const msPerByte = (BITS_PER_BYTE * 1000) / baud;
  const lines: Line[] = [];
  const inward = new Map<number, Line>();
  const newLine = (deliver: (bytes: Uint8Array) => void): Line => {
    const line = createLine(msPerByte, timer, deliver);
    lines.push(line);
    return line;
  };
  return {
    receive(port, bytes) {
      const line = inward.get(port) ?? newLine((part) => board.receive(port, part));
      inward.set(port, line);
      line.push(bytes);
    },
    onSend(port, listener) {
      const line = newLine(listener);
      const end = board.onSend(port, line.push);
      return () => {
        line.stop();
        return end();
      };
    },
    [Symbol.dispose]() {
      for (const line of lines) line.stop();
    },
  };
}

interface Line {
  push(bytes: Uint8Array): void;
  stop(): void;
}

/** One direction: a byte arrives when it and all before it have been sent. */
function createLine(
  msPerByte: number,
  timer: PaceTimer,
  deliver: (bytes: Uint8Array) => void,
): Line {
  let waiting: Uint8Array[] = [];
  let size = 0;
  /** When the last byte that was handed on had arrived, or the first that waits began. */
  let sinceMs = 0;
  let cancel: (() => void) | undefined;

  function take(count: number): Uint8Array {
    const taken = new Uint8Array(count);
    let at = 0;
    while (at < count) {
      const first = waiting[0] as Uint8Array;
      const part = first.subarray(0, count - at);
      taken.set(part, at);
      at += part.length;
      if (part.length === first.length) waiting.shift();
      else waiting[0] = first.subarray(part.length);
    }
    size -= count;
    return taken;
  }

  function wait(): void {
    const bytes = Math.min(size, Math.max(1, Math.floor(STEP_MS / msPerByte)));
    const dueMs = sinceMs + bytes * msPerByte;
    cancel = timer.after(Math.max(0, dueMs - timer.nowMs()), () => {
      cancel = undefined;
      // a hair, since times are sums of fractions
      const arrived = Math.floor((timer.nowMs() - sinceMs) / msPerByte + 1e-6);
      const count = Math.min(size, arrived);
      sinceMs += count * msPerByte;
      if (count > 0) deliver(take(count));
      if (size > 0 && cancel === undefined) wait();
    });
  }

  return {
    push(bytes) {
      if (size + bytes.length > WAITING_SIZE_MAX || bytes.length === 0) return;
      if (size === 0) sinceMs = Math.max(sinceMs, timer.nowMs());
      waiting.push(bytes.slice());
      size += bytes.length;
      if (cancel === undefined) wait();
    },
    stop() {
      cancel?.();
      cancel = undefined;
      waiting = [];
      size = 0;
    },
  };
}
