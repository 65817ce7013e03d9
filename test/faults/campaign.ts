/** The faults of some attacks, in order: what became of each. */

import type { Attack } from './attack.ts';
import type { Injector } from './injector.ts';
import { judge, type Outcome, placeOf, prepare, type Trial } from './run.ts';

export interface Tally {
  readonly attack: string;
  readonly trials: number;
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  readonly violations: readonly Violation[];
}

/** What one fault made of an attack, and how it is seen again. */
export interface Violation {
  readonly attack: string;
  readonly site: number;
  readonly pass: number;
  readonly place: string;
  readonly found: readonly string[];
}

/**
 * @param isChosen which trials of all that an attack passes
 * @param onTrial told after each
 */
export async function runAttack(
  attack: Attack,
  injector: Injector,
  isChosen: (trial: Trial, place: number) => boolean,
  onTrial: () => void = () => undefined,
): Promise<Tally> {
  const scene = await prepare(attack, injector);
  const outcomes: Partial<Record<Outcome, number>> = {};
  const violations: Violation[] = [];
  const trials = scene.trials.filter(isChosen);
  for (const trial of trials) {
    const { outcome, violations: found } = judge(scene, injector, trial);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    const site = injector.sites[trial.site];
    if (outcome === 'violation' && site !== undefined)
      violations.push({ attack: attack.name, ...trial, place: placeOf(site), found });
    onTrial();
  }
  return { attack: attack.name, trials: trials.length, outcomes, violations };
}
