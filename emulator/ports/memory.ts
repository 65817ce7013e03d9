/** A line from a program to a port of a board in the same process (architecture.md, decision 8). */

import type { PortLines } from '../board.ts';

export interface MemoryPort {
  /** Returns when the board has answered, unless it is called by a listener of the board. */
  send(bytes: Uint8Array): void;
  /** The function it gives ends that. */
  onData(listener: (bytes: Uint8Array) => void): () => void;
  /** Nothing goes either way from now on. */
  close(): void;
}

/** @param port 0 to 15 */
export function connectMemory(board: PortLines, port = 0): MemoryPort {
  const listeners = new Set<(bytes: Uint8Array) => void>();
  let isOpen = true;
  const disconnect = board.onSend(port, (bytes) => {
    for (const listener of listeners) listener(bytes);
  });
  return {
    send(bytes) {
      if (isOpen) board.receive(port, bytes);
    },
    onData(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      isOpen = false;
      disconnect();
      listeners.clear();
    },
  };
}
