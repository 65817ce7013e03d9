/** What somebody tries who can make the meter stumble once. */

import type { FlashDevice } from '#emulator/flash';
import type { MeterState } from '#firmware/journal-record';
import type { RawHost, Reply } from '#test/support/raw-host';

/** What may come of an attack; whatever is not named must stay as it was. */
export interface Allowed {
  /** Mills that may be credited. */
  readonly credit?: number;
  /** Indicia that may leave, each with its debit. */
  readonly pieces?: number;
  /** Parts of the state that may change besides registers that follow from credit and pieces. */
  readonly changes?: readonly (keyof MeterState)[];
}

export interface Attack {
  readonly name: string;
  readonly flash: () => Promise<FlashDevice>;
  /** Before the fault. */
  readonly approach: (host: RawHost) => void;
  /** While the fault may happen. @returns what the meter answered, the last answer at the end */
  readonly strike: (host: RawHost) => readonly (Reply | undefined)[];
  readonly allowed: Allowed;
  /** Of somebody who has no right to be let in: nobody may be logged in behind it, and it must not succeed. */
  readonly isStranger?: boolean;
  /** An indicium that left before, and may leave again as it is. */
  readonly known?: () => Uint8Array;
  /** Statuses of a sound meter's last answer. */
  readonly soundStatus: readonly string[];
}

export const NOTHING: Allowed = {};
