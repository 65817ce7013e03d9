/** One thing that must hold between what is written here and a tool of the world. */

import type { OpenSsl } from '#test/support/openssl';

export interface Check {
  readonly name: string;
  /** @throws Error where it does not hold */
  readonly holds: (openssl: OpenSsl) => void | Promise<void>;
}

/** @throws Error where it is not so */
export function demand(isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new Error(what);
}
