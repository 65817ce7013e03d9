/**
 * The one clock of a simulated world. Nothing in it waits in real time: timers stand in a queue, and time jumps from one to
 * the next as soon as everything that one has caused is done.
 *
 * The programs that run inside know nothing of it. They ask the globals for time and timers as ever, and these are replaced
 * for as long as the world lives; that is safe because only one world at a time runs in a thread.
 */

import { AsyncLocalStorage } from 'node:async_hooks';

/** Who set a timer, as long as it matters to somebody. */
type IsWanted = () => boolean;
const owner = new AsyncLocalStorage<IsWanted>();

/** Taken before anything is replaced: runs behind all microtasks. */
const realSetImmediate = setImmediate;
const RealDate = Date;

export interface Timer {
  readonly timeMs: number;
  /** Where two are due at once, the one that was set first goes first. */
  readonly place: number;
  /** Undefined once it has run, or was cancelled. */
  action: (() => void) | undefined;
}

export interface VirtualTime {
  /** Milliseconds since 1970-01-01 UTC, whole. */
  readonly nowMs: number;
  after(delayMs: number, action: () => void): Timer;
  cancel(timer: Timer): void;
  pause(delayMs: number): Promise<void>;
  /** Begins work whose timers are forgotten once nobody wants them any more: those of a program that has ended. */
  begin<T>(isWanted: () => boolean, work: () => T): T;
  /** Lets everything happen up to an instant, which it then is. @throws what a timer throws */
  runUntil(timeMs: number): Promise<void>;
  /**
   * Lets time pass until the work is settled.
   * @throws what the work throws; Error where it is not settled in that time, or nothing is left to wait for
   */
  runWhile<T>(work: Promise<T>, limitMs: number): Promise<T>;
}

/** The clock, and the globals of this thread in its hands until it is disposed of. */
export function createVirtualTime(startMs: number): VirtualTime & Disposable {
  const queue = timerQueue();
  let nowMs = startMs;

  function after(delayMs: number, action: () => void): Timer {
    return queue.add(nowMs + Math.max(0, Math.ceil(delayMs)), action);
  }

  /** Runs the first timer where it is due. @returns whether it was */
  function step(limitMs: number): boolean {
    const timer = queue.first();
    if (timer === undefined || timer.timeMs > limitMs) return false;
    nowMs = timer.timeMs;
    const { action } = timer;
    queue.cancel(timer);
    action?.();
    return true;
  }

  const time: VirtualTime = {
    get nowMs() {
      return nowMs;
    },
    after,
    cancel: queue.cancel,
    pause: (delayMs) => new Promise((resolve) => after(delayMs, resolve)),
    begin: (isWanted, work) => owner.run(isWanted, work),
    async runUntil(timeMs) {
      do await settled();
      while (step(timeMs));
      nowMs = Math.max(nowMs, timeMs);
    },
    async runWhile(work, limitMs) {
      let isSettled = false;
      const watched = work.finally(() => {
        isSettled = true;
      });
      watched.catch(() => undefined); // told to who awaits it below
      const endMs = nowMs + limitMs;
      for (;;) {
        await settled();
        if (isSettled) return await watched;
        if (!step(endMs)) throw new Error(`nothing happens any more after ${nowMs - startMs} ms`);
      }
    },
  };
  const restore = replaceGlobals(time);
  return Object.assign(time, { [Symbol.dispose]: restore });
}

/** Resolves when no promise of this thread has anything left to do. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    realSetImmediate(resolve);
  });
}

/** A binary heap; what is cancelled stays in it until its time has come. */
function timerQueue() {
  const heap: Timer[] = [];
  let places = 0;
  const isBefore = (left: Timer, right: Timer): boolean =>
    left.timeMs < right.timeMs || (left.timeMs === right.timeMs && left.place < right.place);
  const at = (index: number): Timer => heap[index] as Timer;
  function swap(left: number, right: number): void {
    const timer = at(left);
    heap[left] = at(right);
    heap[right] = timer;
  }

  function rise(index: number): void {
    for (let child = index; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!isBefore(at(child), at(parent))) return;
      swap(child, parent);
      child = parent;
    }
  }

  function sink(): void {
    for (let parent = 0; ; ) {
      let least = 2 * parent + 1;
      if (least >= heap.length) return;
      if (least + 1 < heap.length && isBefore(at(least + 1), at(least))) least += 1;
      if (!isBefore(at(least), at(parent))) return;
      swap(least, parent);
      parent = least;
    }
  }

  function drop(): void {
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    sink();
  }

  return {
    add(timeMs: number, action: () => void): Timer {
      const timer: Timer = { timeMs, place: places, action };
      places += 1;
      heap.push(timer);
      rise(heap.length - 1);
      return timer;
    },
    cancel(timer: Timer): void {
      timer.action = undefined;
    },
    first(): Timer | undefined {
      while (heap.length > 0 && at(0).action === undefined) drop();
      return heap[0];
    },
  };
}

/** What programs get for a timer: Node's have more, but nobody here asks for it. */
interface Handle {
  readonly timer: Timer;
  unref(): Handle;
  ref(): Handle;
}

/** @returns puts back what was there */
function replaceGlobals(time: VirtualTime): () => void {
  const names = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] as const;
  const before = names.map((name) => [name, globalThis[name]] as const);
  const performanceNow = performance.now;
  const { timeout } = AbortSignal;
  const startMs = time.nowMs;

  function handleOf(timer: Timer): Handle {
    const handle: Handle = { timer, unref: () => handle, ref: () => handle };
    return handle;
  }
  /** In the name of whoever sets it. */
  function set(delayMs: number, action: () => void): Timer {
    const isWanted = owner.getStore();
    if (isWanted === undefined) return time.after(delayMs, action);
    return time.after(delayMs, () => {
      if (isWanted()) owner.run(isWanted, action);
    });
  }
  function clear(handle?: Handle): void {
    if (handle?.timer !== undefined) time.cancel(handle.timer);
  }
  class VirtualDate extends RealDate {
    constructor(...parts: readonly unknown[]) {
      super(...((parts.length === 0 ? [time.nowMs] : parts) as [number]));
    }
    static override now(): number {
      return time.nowMs;
    }
  }
  Object.assign(globalThis, {
    Date: VirtualDate,
    setTimeout: (action: (...rest: unknown[]) => void, delayMs = 0, ...rest: unknown[]): Handle =>
      handleOf(set(delayMs, () => action(...rest))),
    clearTimeout: clear,
    setInterval() {
      throw new Error('an interval would keep a simulated world going for ever');
    },
    clearInterval: clear,
  });
  performance.now = () => time.nowMs - startMs;
  AbortSignal.timeout = (delayMs) => {
    const controller = new AbortController();
    set(delayMs, () => controller.abort(new Error('timed out')));
    return controller.signal;
  };
  return () => {
    Object.assign(globalThis, Object.fromEntries(before));
    performance.now = performanceNow;
    AbortSignal.timeout = timeout;
  };
}
