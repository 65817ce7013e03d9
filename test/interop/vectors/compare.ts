/** Runs a validation over a suite and counts where it agrees with what the suite expects. */

import type { PathCase } from './case.ts';
import { type Reason, reasonOf, reasons } from './differences.ts';

export interface SuiteTally {
  readonly suite: PathCase['suite'];
  readonly cases: number;
  readonly agree: number;
  /** Taken where the suite refuses. */
  readonly wronglyTaken: number;
  /** Refused where the suite takes. */
  readonly wronglyRefused: number;
}

export interface Difference {
  readonly vector: PathCase;
  readonly verdict: string;
}

export interface SuiteResult extends SuiteTally {
  readonly differences: readonly Difference[];
}

export async function runSuite(
  suite: PathCase['suite'],
  cases: readonly PathCase[],
  verdictOn: (vector: PathCase) => string | Promise<string>,
): Promise<SuiteResult> {
  const differences: Difference[] = [];
  for (const vector of cases) {
    const verdict = await verdictOn(vector);
    if ((verdict === 'valid') !== vector.isValid) differences.push({ vector, verdict });
  }
  const wronglyRefused = differences.filter(({ vector }) => vector.isValid).length;
  return {
    suite,
    cases: cases.length,
    agree: cases.length - differences.length,
    wronglyTaken: differences.length - wronglyRefused,
    wronglyRefused,
    differences,
  };
}

/** How many differences have each reason; {@link unexplained} has the rest. */
export function explained(differences: readonly Difference[]): ReadonlyMap<Reason, number> {
  const counts = new Map<Reason, number>(reasons.map((reason) => [reason, 0]));
  for (const { vector } of differences) {
    const reason = reasonOf(vector);
    if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return counts;
}

export const unexplained = (differences: readonly Difference[]): readonly string[] =>
  differences
    .filter(({ vector }) => reasonOf(vector) === undefined)
    .map(
      ({ vector, verdict }) =>
        `${vector.id}: ${verdict}, expected ${vector.isValid ? 'valid' : 'refused'}`,
    );
