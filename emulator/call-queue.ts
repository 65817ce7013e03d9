/** Runs calls into the firmware one after the other, never one inside another (hw/hardware.ts, Firmware). */

export interface CallQueue {
  /**
   * Runs a call now; or, when asked from within a call, after it and before the outermost `run` returns.
   * @throws what a call threw, after all that were queued have run; an AggregateError where several threw
   */
  run(call: () => void): void;
  /** Drops the calls that wait. */
  clear(): void;
}

export function createCallQueue(): CallQueue {
  const waiting: (() => void)[] = [];
  let isRunning = false;

  function runAll(): unknown[] {
    const failures: unknown[] = [];
    for (let call = waiting.shift(); call !== undefined; call = waiting.shift()) {
      try {
        call();
      } catch (error) {
        failures.push(error);
      }
    }
    return failures;
  }

  return {
    run(call) {
      waiting.push(call);
      if (isRunning) return;
      isRunning = true;
      const failures = runAll();
      isRunning = false;
      if (failures.length === 1) throw failures[0];
      if (failures.length > 1) throw new AggregateError(failures, 'several calls failed');
    },
    clear() {
      waiting.length = 0;
    },
  };
}
