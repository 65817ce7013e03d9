/** A line of bytes to a printer. Unlike a link to a meter it feels back pressure, and nobody cuts frames out of it. */

export interface PrinterLine {
  /** Whether the printer can say anything back. */
  readonly isTwoWay: boolean;
  /** Resolves when the system has taken the bytes, which may never happen: the caller sets the bound. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when the bytes have left this computer, as far as it can know; without a bound too. */
  flush(): Promise<void>;
  onData(listener: (bytes: Uint8Array) => void): void;
  /**
   * Called once when the line ends, at once where it already has: undefined after {@link PrinterLine.close}, else the
   * reason.
   */
  onClose(listener: (reason: Error | undefined) => void): void;
  /** Returns within two seconds, whatever the device does. */
  close(): Promise<void>;
}

/** A line that knows that nothing of a job reached the printer. */
export class UnsentError extends Error {
  override readonly name = 'UnsentError';
}

/** How long a close may wait for the last bytes to leave. */
export const CLOSE_TIMEOUT_MS = 1_500;

/** What a function with a callback gives, as a promise. */
export function called(
  start: (done: (error?: Error | null | undefined) => void) => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  start((error) => (error ? reject(error) : resolve()));
  return promise;
}

/** Waits for work to end, but not longer than the bound. @returns whether it ended */
export async function waitFor(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), timeoutMs);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
