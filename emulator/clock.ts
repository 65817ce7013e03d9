/** Sources of the secure clock: the one of this computer, and one that a test moves (requirements.md H1, H4). */

/** The oscillator and its battery. They run while the board is off. */
export interface ClockSource {
  /** Milliseconds since 1970-01-01 UTC, whole; 0 where the time is not trusted. */
  nowMs(): number;
  /** Milliseconds since any fixed moment, whole; never goes back. */
  monotonicMs(): number;
}

/** A clock that stands still unless it is moved. */
export interface ManualClock extends ClockSource {
  /** Sets the time of day, as the maker does; the time is trusted from then on. */
  set(timeMs: number): void;
  /** Lets time pass; the time of day follows where it is trusted. @throws RangeError if not whole or below 0 */
  advance(durationMs: number): void;
  /** The battery is lost: the time of day is 0 until it is set. */
  loseTrust(): void;
}

/** The clock of this computer, trusted. */
export const systemClock: ClockSource = {
  nowMs: () => Date.now(),
  monotonicMs: () => Math.floor(performance.now()),
};

/** @param timeMs the time of day to begin with; 0 for a clock that was never set */
export function createManualClock(timeMs = 0): ManualClock {
  let nowMs = wholeMs(timeMs);
  let elapsedMs = 0;
  return {
    nowMs: () => nowMs,
    monotonicMs: () => elapsedMs,
    set: (timeMs) => {
      nowMs = wholeMs(timeMs);
    },
    advance: (durationMs) => {
      elapsedMs += wholeMs(durationMs);
      if (nowMs !== 0) nowMs += durationMs;
    },
    loseTrust: () => {
      nowMs = 0;
    },
  };
}

function wholeMs(timeMs: number): number {
  if (!Number.isSafeInteger(timeMs) || timeMs < 0) {
    throw new RangeError(`${timeMs} is no whole number of milliseconds`);
  }
  return timeMs;
}
