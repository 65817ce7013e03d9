/** How the authority and the provider say no: a name of their catalogue, with the advice whether a retry can help. */

import type { Advice } from '../status.ts';

export interface RefusalEntry {
  /** The HTTP status it is told with. */
  readonly httpStatus: number;
  readonly advice: Advice;
  /** What happened and what to do, for a person. */
  readonly text: string;
}

/** The refusals of one server by name; names are never reused for something else. */
export type RefusalCatalogue = Readonly<Record<string, RefusalEntry>>;

export interface Declined<Name extends string> {
  readonly ok: false;
  readonly error: Name;
  /** What this case adds to the text of the catalogue; empty where nothing. */
  readonly detail: string;
}

/** A value, or a refusal that has changed nothing but the list of findings (style rule 5). */
export type Outcome<T, Name extends string> =
  | { readonly ok: true; readonly value: T }
  | Declined<Name>;

export function decline<const Name extends string>(error: Name, detail = ''): Declined<Name> {
  return { ok: false, error, detail };
}

/** The answer a person or a program gets over HTTP, the same for everything that goes wrong. */
export interface Problem {
  readonly error: string;
  readonly message: string;
  readonly advice: Advice;
}

export function problemOf(error: string, entry: RefusalEntry, detail: string): Problem {
  return {
    error,
    message: detail === '' ? entry.text : `${entry.text} ${detail}`,
    advice: entry.advice,
  };
}
