/**
 * Walks through every state that a hostile host and failing power can lead meter and provider to, up to a depth, with the
 * real code on both sides (requirements.md B3, B6, B7, G3; reliability.md section 3). The line delivers whatever was ever said
 * on it, in any order, any number of times or never; power fails in every operation on the flash.
 */

import { createMemoryFlash } from '#emulator/flash';
import { Fault } from '#firmware/fault';
import type { Givens } from './givens.ts';
import { createGoodEnd } from './good-end.ts';
import { findWrong } from './invariants.ts';
import { createMoves } from './moves.ts';
import { openProviderSide, ProviderFailed } from './provider-side.ts';
import type { Bounds } from './runs.ts';
import { inWords, keyOf, type State } from './state.ts';

export interface Explored {
  readonly states: number;
  readonly steps: number;
  readonly depth: number;
  /** Whether every state within the bounds was looked at. */
  readonly isComplete: boolean;
  /** Steps that the meter or the provider refused. */
  readonly refusals: number;
  readonly cuts: number;
  /** How a promise was broken, step by step; undefined where none was. */
  readonly wrong: string | undefined;
}

/** A promise was broken on the way to a state. */
class Broken extends Error {
  constructor(state: State, what: string) {
    super([...state.path.map(inWords), what].join('\n'));
  }
}

export async function explore(givens: Givens, bounds: Bounds): Promise<Explored> {
  await using provider = await openProviderSide(givens, bounds.funds);
  // A pin at power-up that began and changed nothing is tried again at the next one, in the same place: the chip refuses,
  // the journal goes on to the next slot. A strict flash would call that a defect.
  const contents = bounds.isCurrent ? givens.current : givens.prepaid;
  const flash = createMemoryFlash({ contents });
  const moves = createMoves({ givens, bounds, provider, flash });
  const { whyStuck } = createGoodEnd(moves, provider, bounds);
  const seen = new Set<string>();
  let depth = 0;
  const done = (isComplete: boolean, wrong?: string): Explored => ({
    states: seen.size,
    depth,
    isComplete,
    ...moves.counters,
    wrong,
  });

  /** Nothing that a host or failing power does makes either side stop. */
  async function withoutFault<T>(state: State, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof Fault) throw new Broken(state, `then the meter stops: ${cause.status}`);
      if (cause instanceof ProviderFailed)
        throw new Broken(state, `then the provider stops: ${cause.message}`);
      throw cause;
    }
  }

  function checkPromises(state: State): void {
    const wrong = findWrong(state);
    if (wrong !== undefined) throw new Broken(state, wrong);
  }

  async function checkEnd(state: State): Promise<void> {
    if (state.isRolledBack) return;
    const stuck = await withoutFault(state, () => whyStuck(state));
    if (stuck !== undefined) throw new Broken(state, stuck);
  }

  async function begin(): Promise<State> {
    let state = moves.first(await provider.take());
    for (const step of bounds.before) {
      const from = state;
      state = await withoutFault(from, () => moves.whole(from, step));
      checkPromises(state);
      await checkEnd(state);
    }
    seen.add(keyOf(state));
    return state;
  }

  async function walk(): Promise<Explored> {
    let layer: State[] = [await begin()];
    while (layer.length > 0 && depth < bounds.depth) {
      depth += 1;
      const nextLayer: State[] = [];
      for (const state of layer)
        for (const next of await withoutFault(state, () => moves.successors(state))) {
          checkPromises(next);
          const key = keyOf(next);
          if (seen.has(key)) continue;
          seen.add(key);
          await checkEnd(next);
          nextLayer.push(next);
          if (seen.size >= bounds.statesMax) return done(false);
        }
      layer = nextLayer;
    }
    return done(true);
  }

  try {
    return await walk();
  } catch (cause) {
    if (cause instanceof Broken) return done(false, cause.message);
    throw cause;
  }
}
