/** What can happen in a world: something somebody does, or a fault. Each is one entry of a table (happenings.ts). */

import type { Random } from './random.ts';
import type { World } from './world.ts';

export interface Action {
  /** How often it is planned, beside the others. */
  readonly weight: number;
  /**
   * Begins it; it goes on while time passes. Chance comes from the entry of the plan alone, so that leaving out another
   * entry does not change it.
   */
  begin(world: World, random: Random): void;
}

/** A fault of whatever kind; a world has some of them only, and often. */
export interface Fault extends Action {
  readonly isFault: true;
}

export type Happening = Action | Fault;
