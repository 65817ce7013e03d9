/**
 * The secure clock as far as it can be believed (requirements.md A8; domain.md R27): never behind the last record of the
 * meter, and in step with the time since power-up.
 *
 * What cannot be noticed: a clock that runs wrong, forwards, while the meter is off. Only who sets the time can tell that.
 */

import type { Clock } from '#hw/hardware';

/** How far the clock may get out of step with the time since power-up: milliseconds, and parts of that time. */
const STEP_MS_MAX = 2_000;
const STEP_SHARE_MAX = 1 / 1_000;

/** How far a clock that is trusted may be moved: milliseconds, and parts of the time since it was last set. */
const DRIFT_MS_MAX = 60_000;
const DRIFT_SHARE_MAX = 1 / 10_000;

export interface SecureClock {
  /** The time, milliseconds since 1970-01-01 UTC; 0 where it is not trusted. */
  nowMs(): number;
  /** What is wrong with the clock: the time that it showed when that was noticed first; undefined while all is well. */
  readonly faultMs: number | undefined;
  /** Sets the hardware; the clock is believed again. */
  set(timeMs: number): void;
}

/**
 * @param lastMs the last time on record, which the clock may not be behind
 * @param hasFault whether a fault of the clock is on record and was not mended yet
 */
export function createSecureClock(
  clock: Clock,
  lastMs: () => number,
  hasFault: boolean,
): SecureClock {
  let anchor = anchored();
  let isBad = hasFault;
  let faultMs: number | undefined;

  function anchored(): { readonly timeMs: number; readonly ticksMs: number } {
    return { timeMs: clock.nowMs(), ticksMs: clock.ticksMs() };
  }

  function isInStep(timeMs: number): boolean {
    const ticks = clock.ticksMs() - anchor.ticksMs;
    const lead = timeMs - anchor.timeMs - ticks;
    return Math.abs(lead) <= STEP_MS_MAX + ticks * STEP_SHARE_MAX;
  }

  return {
    nowMs() {
      const timeMs = clock.nowMs();
      if (timeMs === 0 || isBad) return 0;
      if (anchor.timeMs === 0 || timeMs < lastMs() || !isInStep(timeMs)) {
        isBad = true;
        faultMs = timeMs;
        return 0;
      }
      return timeMs;
    },
    get faultMs() {
      return faultMs;
    },
    set(timeMs) {
      clock.set(timeMs);
      anchor = anchored();
      isBad = false;
      faultMs = undefined;
    },
  };
}

/** How far a clock that is trusted may be moved, after so long a time since it was last set; milliseconds. */
export function driftMsMax(sinceSetMs: number): number {
  return Math.floor(DRIFT_MS_MAX + Math.max(0, sinceSetMs) * DRIFT_SHARE_MAX);
}
