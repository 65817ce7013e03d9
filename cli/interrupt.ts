/** Ctrl-C and the polite end by the system, as a signal and a promise: what runs ends in good order. */

export interface Interrupt extends Disposable {
  readonly signal: AbortSignal;
  /** Resolves when the program is asked to end. */
  readonly promise: Promise<void>;
}

export function interrupted(): Interrupt {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = (): void => {
    controller.abort(new DOMException('interrupted', 'AbortError'));
    resolve();
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  return {
    signal: controller.signal,
    promise,
    [Symbol.dispose]() {
      process.off('SIGINT', end);
      process.off('SIGTERM', end);
    },
  };
}
