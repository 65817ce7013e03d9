/** What the requests of a trace are made of. */

import type { Dice } from './dice.ts';
import type { Known } from './host.ts';

export interface Asking {
  readonly dice: Dice;
  readonly known: Known;
  /** What the host takes for the time, and its day. */
  readonly timeMs: number;
  readonly today: number;
}

/** One time in eight the wrong one. */
export const mostly = <T>({ dice }: Asking, right: T, wrong: T): T =>
  dice.chance(88) ? right : wrong;

/** A new one. */
export const transaction = ({ known, dice }: Asking) => {
  known.counter += 1;
  return { counter: known.counter, nonce: dice.below(2 ** 32) };
};
