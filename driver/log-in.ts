/** Log-in for programs that may come right after a power cut: a short delay is waited for (requirements.md A4, F4). */

import { pause } from './abort.ts';
import { RefusedError } from './errors.ts';
import type { Meter } from './meter.ts';

/**
 * What two tries that power cut short leave behind: 2^2 - 1 seconds. A longer delay comes from wrong passwords, and is
 * for a person to know.
 */
const WAIT_MS_MAX = 3_000;

export interface LogInOptions {
  readonly signal?: AbortSignal | undefined;
  /** The longest delay that is waited for, milliseconds; 3,000 unless given. */
  readonly waitMsMax?: number | undefined;
}

/**
 * Logs in. A meter counts a try before it looks at the password, so one that lost its power in the middle asks for a
 * pause afterwards: that is waited for once, and the delay costs no try.
 * @throws RefusedError, with `passwordDelayed` where the delay is longer or comes again; LinkError
 */
export async function logIn(
  meter: Pick<Meter, 'logIn'>,
  password: Uint8Array,
  { signal, waitMsMax = WAIT_MS_MAX }: LogInOptions = {},
): Promise<void> {
  try {
    await meter.logIn(password, { signal });
  } catch (error) {
    const isDelayed = error instanceof RefusedError && error.status === 'passwordDelayed';
    if (!isDelayed || error.detail > waitMsMax) throw error;
    await pause(error.detail, signal);
    await meter.logIn(password, { signal });
  }
}
