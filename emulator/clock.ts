/** Sources of the secure clock: the one of this computer, and one that a test moves (requirements.md H1, H4). */

/** The oscillator and its battery. They run while the board is off. */
export interface ClockSource {
  /** Milliseconds since 1970-01-01 UTC, whole; 0 where the time is not trusted. */
  nowMs(): number;
  /** Milliseconds since any fixed moment, whole; never goes back. */
  monotonicMs(): number;
  /** Sets the time of day; it is trusted from then on. @throws RangeError if not whole or below 0 */
  set(timeMs: number): void;
}

/** A clock that stands still unless it is moved. */
export interface ManualClock extends ClockSource {
  /** Lets time pass; the time of day follows where it is trusted. @throws RangeError if not whole or below 0 */
  advance(durationMs: number): void;
  /** The battery is lost: the time of day is 0 until it is set. */
  loseTrust(): void;
}

/**
 * The clock of this computer, trusted. It takes the time of day when the process begins and then runs on by itself, so that
 * a computer which sleeps or is set does not look like a quartz that jumps.
 * @param offsetMs how far it is ahead of the computer
 * @param keep told the new one when the clock is set
 */
export function createSystemClock(
  offsetMs = 0,
  keep: (offsetMs: number) => void = () => undefined,
): ClockSource {
  let offset = offsetMs;
  const computerMs = (): number => Math.floor(performance.timeOrigin + performance.now());
  return {
    nowMs: () => computerMs() + offset,
    monotonicMs: () => Math.floor(performance.now()),
    set(timeMs) {
      offset = wholeMs(timeMs) - computerMs();
      keep(offset);
    },
  };
}

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
