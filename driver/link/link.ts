/** A line of bytes to a meter, whatever carries it (requirements.md F1): serial, TCP, or memory. */

/**
 * One open line. Listeners are set once, before the first byte is sent; bytes arrive in order, in pieces of any size,
 * and may be damaged or foreign: who listens judges them.
 */
export interface Link {
  /** The port URL it was opened with. */
  readonly address: string;
  /** Hands bytes over; it does not wait for the other side. Rejects or throws where the line is closed. */
  send(bytes: Uint8Array): void | Promise<void>;
  onData(listener: (bytes: Uint8Array) => void): void;
  /**
   * Called once when the line is closed, at once where it already is: undefined after {@link Link.close}, else the
   * reason.
   */
  onClose(listener: (reason: Error | undefined) => void): void;
  /** Closes the line; returns within two seconds even where the device does not let go. */
  close(): Promise<void>;
}

/** What a link does with its listeners: a late one for the end of the line is told at once. */
export interface LinkListeners {
  data(bytes: Uint8Array): void;
  /** Only the first call counts. */
  closed(reason: Error | undefined): void;
  readonly isClosed: boolean;
  onData(listener: (bytes: Uint8Array) => void): void;
  onClose(listener: (reason: Error | undefined) => void): void;
}

export function linkListeners(): LinkListeners {
  const dataListeners: ((bytes: Uint8Array) => void)[] = [];
  const closeListeners: ((reason: Error | undefined) => void)[] = [];
  let end: { readonly reason: Error | undefined } | undefined;
  return {
    data(bytes) {
      if (end !== undefined) return;
      for (const listener of dataListeners) listener(bytes);
    },
    closed(reason) {
      if (end !== undefined) return;
      end = { reason };
      for (const listener of closeListeners) listener(reason);
    },
    get isClosed() {
      return end !== undefined;
    },
    onData(listener) {
      dataListeners.push(listener);
    },
    onClose(listener) {
      if (end === undefined) closeListeners.push(listener);
      else listener(end.reason);
    },
  };
}
