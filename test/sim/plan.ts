/**
 * What is to happen in a world, from its seed alone: which meters there are, which faults it has and how often, and one
 * entry after the other. Each entry has a seed of its own, so that a shorter list of them still does the same things.
 */

import type { Action, Fault } from './happening.ts';
import { type HappeningName, happeningNames, happenings } from './happenings.ts';
import { type Random, randomOf } from './random.ts';
import { streams } from './streams.ts';

export interface Entry {
  /** Its place in the plan of this seed, from 0. */
  readonly place: number;
  readonly name: HappeningName;
  readonly seed: number;
  /** How long nothing else is planned after it. */
  readonly gapMs: number;
}

export interface Plan {
  readonly seed: number;
  readonly steps: number;
  /** How many meters there are, and how many of them are blank devices. */
  readonly desks: number;
  readonly blankDesks: number;
  readonly entries: readonly Entry[];
}

const DESKS_MAX = 3;
/** Beside the weights of the table: some worlds are stormy, some are calm. */
const FAULT_FACTORS = [0.5, 1, 2, 4] as const;
const CHANCE_OF_FAULT_KIND = 0.6;

const isFault = (happening: Action | Fault): boolean => 'isFault' in happening;

/** @param keep places of the entries to keep; all of them where left out */
export function makePlan(seed: number, steps: number, keep?: readonly number[]): Plan {
  const profile = randomOf(seed, streams.profile);
  const desks = profile.between(1, DESKS_MAX);
  const blankDesks = profile.chance(0.2) ? 1 : 0;
  const weights = weightsOf(profile);
  const random = randomOf(seed, streams.plan);
  const entries = Array.from({ length: steps }, (_, place) => ({
    place,
    name: drawn(weights, random),
    seed: random.seed(),
    gapMs: gap(random),
  }));
  const kept = keep === undefined ? entries : entries.filter(({ place }) => keep.includes(place));
  return { seed, steps, desks, blankDesks, entries: kept };
}

type Weights = readonly (readonly [HappeningName, number])[];

/** Swarm testing: what a world leaves out lets the rest of it come to places that it would not reach. */
function weightsOf(profile: Random): Weights {
  return happeningNames.map((name) => {
    const { weight } = happenings[name];
    if (!isFault(happenings[name])) return [name, weight];
    const factor = profile.chance(CHANCE_OF_FAULT_KIND) ? profile.pick(FAULT_FACTORS) : 0;
    return [name, weight * factor];
  });
}

function drawn(weights: Weights, random: Random): HappeningName {
  const PARTS = 1_000;
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  let left = random.below(Math.round(total * PARTS)) / PARTS;
  for (const [name, weight] of weights) {
    if (left < weight) return name;
    left -= weight;
  }
  return 'issue';
}

/** Often much happens at once, sometimes one thing after the other. */
function gap(random: Random): number {
  const [most] = [random.pick([0, 50, 500, 5_000, 60_000, 600_000])];
  return random.between(0, most);
}
