/** A link inside this process: to an emulated board, or to anything else that takes and gives bytes. */

import { type Link, linkListeners } from './link.ts';

/** The other end; what an emulator's memory port offers. */
export interface MemoryEnd {
  send(bytes: Uint8Array): void;
  onData(listener: (bytes: Uint8Array) => void): void;
  /** Where the other end can go away by itself. */
  onClose?(listener: (reason: Error | undefined) => void): void;
  close(): void;
}

/** @param address what errors call it */
export function memoryLink(end: MemoryEnd, address = 'memory:'): Link {
  const listeners = linkListeners();
  end.onData(listeners.data);
  end.onClose?.((reason) => listeners.closed(reason ?? new Error('the other end went away')));
  return {
    address,
    send(bytes) {
      if (listeners.isClosed) throw new Error('the link is closed');
      end.send(bytes);
    },
    onData: listeners.onData,
    onClose: listeners.onClose,
    close() {
      if (!listeners.isClosed) {
        listeners.closed(undefined);
        end.close();
      }
      return Promise.resolve();
    },
  };
}
