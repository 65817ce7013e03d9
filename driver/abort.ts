/** Waiting that the caller may give up: by a signal, at once, whatever goes on behind. */

/**
 * What the promise gives, or the reason of the signal as soon as it is aborted. The work itself goes on to its own end.
 */
export function abortable<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const abort = (): void => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  return promise;
}

/** @throws the reason of the signal where it is aborted */
export async function pause(timeMs: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeMs);
  try {
    await abortable(signal, promise);
  } finally {
    clearTimeout(timer);
  }
}
