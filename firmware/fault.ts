/**
 * A broken invariant: the firmware stops in the error state (style rule 5; requirements.md A3). What a service refuses is
 * a value, never a fault.
 */

import type { RefusalName } from '#protocol/status';

export class Fault extends Error {
  readonly status: RefusalName;
  /** 0 to 65,535: what the status catalogue says, e.g. the number of a self-test. */
  readonly detail: number;

  constructor(status: RefusalName, detail = 0) {
    super(status);
    this.status = status;
    this.detail = detail;
  }
}

/** Stops the firmware where something that must be true is not. */
export function invariant(
  condition: boolean,
  status: RefusalName = 'internalFault',
): asserts condition {
  if (!condition) throw new Fault(status);
}
