/** Why a board is dead although power is on. */

import { type LimitName, LimitReached } from './cpu/cpu.ts';

/**
 * `imageRefused`: the boot ROM did not let the image run · `crashed`: the firmware threw what it should not ·
 * `limitReached`: it took more of the processor than there is · `restartLoop`: it asked for a restart each time it was
 * started.
 */
export interface BoardFault {
  readonly kind: 'imageRefused' | 'crashed' | 'limitReached' | 'restartLoop';
  readonly message: string;
  /** Which limit was reached. */
  readonly limit?: LimitName;
  /** What the firmware threw, or what stopped it. */
  readonly cause?: unknown;
}

/** What comes of an error that left the firmware. */
export function faultOf(cause: unknown): BoardFault {
  if (cause instanceof LimitReached)
    return {
      kind: 'limitReached',
      limit: cause.limit,
      message: `The firmware was stopped: ${cause.message}.`,
      cause,
    };
  return { kind: 'crashed', message: `The firmware crashed: ${describe(cause)}`, cause };
}

/** The class of an error from another realm is not ours: only its text is looked at. */
function describe(cause: unknown): string {
  const hasMessage = typeof cause === 'object' && cause !== null && 'message' in cause;
  return String(hasMessage ? cause.message : cause);
}
