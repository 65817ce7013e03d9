/** Which ports there are, told anew whenever a meter is plugged in or out (requirements.md F4). */

import { type FSWatcher, watch } from 'node:fs';
import { type DiscoverOptions, type Discovery, discoverPorts } from './discover.ts';

export interface WatchOptions extends DiscoverOptions {
  readonly signal: AbortSignal;
  /** How often it is looked where the system tells nothing; 2,000 unless given. */
  readonly periodMs?: number | undefined;
}

/** Listing is slow on some systems and disturbs a port in use (ports.md 3), so it is not done often. */
const PERIOD_MS = 2_000;
/** A device appears in steps, its rights last: what is listed at once may not be open to us yet. */
const SETTLE_MS = 300;
const LINUX_DEVICES = '/dev';

/** Gives the ports at once and after every change, until the signal ends it. Linux tells changes; elsewhere it looks. */
export async function* watchPorts(options: WatchOptions): AsyncGenerator<Discovery, void> {
  const { signal, periodMs = PERIOD_MS } = options;
  using changes = process.platform === 'linux' ? deviceChanges() : undefined;
  let told = '';
  while (!signal.aborted) {
    const changed = changes?.next();
    const discovery = await discoverPorts(options);
    const text = JSON.stringify(discovery);
    if (text !== told && !signal.aborted) yield discovery;
    told = text;
    await (changed === undefined ? pauseFor(periodMs, signal) : orAborted(changed, signal));
    await pauseFor(SETTLE_MS, signal);
  }
}

/** Changes among the files of devices. */
function deviceChanges(): Disposable & { next(): Promise<void> } {
  let change = Promise.withResolvers<void>();
  const watcher: FSWatcher = watch(LINUX_DEVICES, () => change.resolve());
  return {
    /** The first one after this call. */
    next() {
      change = Promise.withResolvers();
      return change.promise;
    },
    [Symbol.dispose]: () => watcher.close(),
  };
}

async function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = (): void => resolve();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  await Promise.race([work, promise]);
  signal.removeEventListener('abort', stop);
}

function pauseFor(timeMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeMs);
  return orAborted(promise, signal).finally(() => clearTimeout(timer));
}
