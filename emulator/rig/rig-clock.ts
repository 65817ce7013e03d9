/** A clock that a rig moves: it stands still or runs, fast or slow, jumps, and can be kept and brought back (requirements.md H4). */

import type { ManualClock } from '../clock.ts';

/** Parts per million that a quartz can be wrong here; a tenth is far more than any that works. */
export const DRIFT_PPM_MAX = 100_000;

/** A clock at one moment. */
export interface ClockState {
  /** Time of day; 0 where it is not trusted. */
  readonly timeMs: number;
  readonly elapsedMs: number;
  readonly isRunning: boolean;
  /** How much faster than the computer it runs. */
  readonly driftPpm: number;
}

export interface RigClock extends ManualClock {
  readonly state: ClockState;
  /** Makes it the clock of a state. */
  restore(state: ClockState): void;
  /** Follows the computer from now on, or stands still. */
  run(isRunning: boolean): void;
  /** @throws RangeError beyond {@link DRIFT_PPM_MAX} on either side, or where it is not whole */
  drift(ppm: number): void;
}

/** The time since the process began, milliseconds with fractions; another one in tests. */
type ComputerClock = () => number;

/** @param keep told the time of day whenever somebody sets it, to keep it */
export function createRigClock(
  initial: ClockState,
  keep: (timeMs: number) => void = () => undefined,
  computerMs: ComputerClock = () => performance.now(),
): RigClock {
  let base = initial;
  let anchorMs = computerMs();

  function passedMs(): number {
    if (!base.isRunning) return 0;
    return Math.floor((computerMs() - anchorMs) * (1 + base.driftPpm / 1_000_000));
  }
  function now(): ClockState {
    const passed = passedMs();
    const timeMs = base.timeMs === 0 ? 0 : base.timeMs + passed;
    return { ...base, timeMs, elapsedMs: base.elapsedMs + passed };
  }
  /** Time goes on from here in another way. */
  function change(changes: Partial<ClockState>): void {
    base = { ...now(), ...changes };
    anchorMs = computerMs();
  }
  return {
    nowMs: () => now().timeMs,
    monotonicMs: () => now().elapsedMs,
    set(timeMs) {
      change({ timeMs: wholeMs(timeMs) });
      keep(timeMs);
    },
    advance(durationMs) {
      const { timeMs, elapsedMs } = now();
      const passed = wholeMs(durationMs);
      const moved = timeMs === 0 ? 0 : wholeMs(timeMs + passed);
      change({ timeMs: moved, elapsedMs: wholeMs(elapsedMs + passed) });
      if (moved !== 0) keep(moved);
    },
    loseTrust: () => change({ timeMs: 0 }),
    run: (isRunning) => change({ isRunning }),
    drift(ppm) {
      if (!Number.isSafeInteger(ppm) || Math.abs(ppm) > DRIFT_PPM_MAX)
        throw new RangeError(`no clock here drifts by ${ppm} parts per million`);
      change({ driftPpm: ppm });
    },
    get state() {
      return now();
    },
    restore(state) {
      base = state;
      anchorMs = computerMs();
    },
  };
}

function wholeMs(timeMs: number): number {
  if (Number.isSafeInteger(timeMs) && timeMs >= 0) return timeMs;
  throw new RangeError(`${timeMs} is no whole number of milliseconds`);
}
