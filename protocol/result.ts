/** The outcome of a service: a value, or a refusal that names its reason and has changed nothing (style rule 5). */

import type { RefusalName } from './status.ts';

export interface Refusal {
  readonly ok: false;
  readonly status: RefusalName;
  /** What the catalogue says this status tells: missing mills, milliseconds to wait, tries left; 0 where nothing. */
  readonly detail: number;
}

export type Result<T> = { readonly ok: true; readonly value: T } | Refusal;

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function refuse(status: RefusalName, detail = 0): Refusal {
  return { ok: false, status, detail };
}
