/** A judgement is a list of named checks, each with its outcome and a sentence for a person (requirements.md C8). */

/** `unknown`: it could not be checked, and the sentence says why. */
export const checkOutcomes = ['pass', 'fail', 'unknown'] as const;
export type CheckOutcome = (typeof checkOutcomes)[number];

export interface Check<Name extends string> {
  readonly name: Name;
  readonly outcome: CheckOutcome;
  readonly text: string;
}

export function pass<const Name extends string>(name: Name, text: string): Check<Name> {
  return { name, outcome: 'pass', text };
}

export function fail<const Name extends string>(name: Name, text: string): Check<Name> {
  return { name, outcome: 'fail', text };
}

export function unknown<const Name extends string>(name: Name, text: string): Check<Name> {
  return { name, outcome: 'unknown', text };
}

/** Passes where the fact holds. */
export function judge<const Name extends string>(
  name: Name,
  holds: boolean,
  good: string,
  bad: string,
): Check<Name> {
  return holds ? pass(name, good) : fail(name, bad);
}
