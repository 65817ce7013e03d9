/** Lets the clock of a test run until a promise is settled, so that time-outs cost no time. Needs vi.useFakeTimers(). */

import { vi } from 'vitest';

const STEP_MS = 500;
const STEPS_MAX = 1_000;

/** @throws what the work throws; Error where it is not settled after 500 s of that clock */
export async function settle<T>(work: Promise<T>): Promise<T> {
  let isSettled = false;
  const settled = work.finally(() => {
    isSettled = true;
  });
  settled.catch(() => undefined);
  for (let step = 0; step < STEPS_MAX && !isSettled; step++)
    await vi.advanceTimersByTimeAsync(STEP_MS);
  if (!isSettled) throw new Error('the work goes on for ever');
  return settled;
}

/** What the work throws; fails a test where it throws nothing. */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
