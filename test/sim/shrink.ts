/**
 * Finds a short list of entries that still fails in the same way: entries are left out, half of them at first and one by one
 * at the end (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002).
 */

import type { Entry, Plan } from './plan.ts';
import type { FoundViolation } from './run.ts';

export interface Shrunk {
  readonly plan: Plan;
  readonly violation: FoundViolation;
  /** Worlds that were run for it. */
  readonly runs: number;
}

export interface ShrinkOptions {
  /** What a plan comes to. */
  readonly run: (plan: Plan) => Promise<FoundViolation | undefined>;
  readonly runsMax: number;
}

/** @param violation what the plan came to */
export async function shrink(
  plan: Plan,
  violation: FoundViolation,
  { run, runsMax }: ShrinkOptions,
): Promise<Shrunk> {
  let best = { plan: withoutRest(plan, violation), violation };
  let runs = 0;

  /** Takes a shorter list where it fails in the same way. */
  async function tries(entries: readonly Entry[]): Promise<boolean> {
    if (runs >= runsMax) return false;
    runs += 1;
    const candidate = { ...plan, entries };
    const found = await run(candidate);
    if (found?.kind !== violation.kind) return false;
    best = { plan: withoutRest(candidate, found), violation: found };
    return true;
  }

  for (let parts = 2; runs < runsMax && best.plan.entries.length > 0; ) {
    const { entries } = best.plan;
    const size = Math.ceil(entries.length / parts);
    let isShorter = false;
    for (let at = 0; at < entries.length && !isShorter; at += size)
      isShorter = await tries(entries.toSpliced(at, size));
    if (isShorter) parts = Math.max(2, parts - 1);
    else if (size === 1) break;
    else parts = Math.min(entries.length, parts * 2);
  }
  return { ...best, runs };
}

/** What comes behind the entry in which it failed does not matter. */
function withoutRest(plan: Plan, { entry }: FoundViolation): Plan {
  if (entry === undefined) return plan;
  return { ...plan, entries: plan.entries.filter(({ place }) => place <= entry.place) };
}
