/** The inputs that each showed something new: a branch, or one taken much more often than ever before. */

import type { Random } from '#test/sim/random';
import type { InstrumentedFile } from './bundle.ts';
import type { Substitution } from './operands.ts';
import type { Probe } from './probe.ts';

export interface Entry {
  readonly input: Uint8Array;
  substitutions: readonly Substitution[];
  /** How often it was begun with. */
  picks: number;
}

export interface Corpus {
  readonly entries: readonly Entry[];
  /** Branches that count and were taken. */
  readonly branches: number;
  /** Whether what the probe saw was new; then it is not new any more. */
  isNews(probe: Probe): boolean;
  add(input: Uint8Array): Entry;
  pick(random: Random): Entry;
  /** Whether any branch of a file was taken. */
  hasReached(file: Pick<InstrumentedFile, 'firstBranch' | 'branches'>): boolean;
}

/** How often a branch was taken, in eight steps: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, more. */
function stepOf(times: number): number {
  if (times <= 3) return times - 1;
  if (times <= 7) return 3;
  if (times <= 15) return 4;
  if (times <= 31) return 5;
  return times <= 127 ? 6 : 7;
}

/** Of some drawn, the one that was begun with least is taken: what is new comes first, and nothing is forgotten. */
const DRAWN = 3;

/** What a branch is good for: to be counted and to guide, or to guide alone. */
export const COUNTS = 1;
export const GUIDES = 2;

/** @param isInScope by number of the branch: {@link COUNTS}, {@link GUIDES}, or 0 */
export function createCorpus(isInScope: Uint8Array): Corpus {
  const entries: Entry[] = [];
  const steps = new Uint8Array(isInScope.length);
  let branches = 0;
  return {
    entries,
    get branches() {
      return branches;
    },
    isNews({ taken, timesOf }) {
      let isNew = false;
      const { branches: numbers, count } = taken;
      for (let at = 0; at < count; at++) {
        const branch = numbers[at] as number;
        if (isInScope[branch] === 0) continue;
        const known = steps[branch] as number;
        const step = 1 << stepOf(timesOf(branch));
        if ((known & step) !== 0) continue;
        if (known === 0 && isInScope[branch] === COUNTS) branches += 1;
        steps[branch] = known | step;
        isNew = true;
      }
      return isNew;
    },
    add(input) {
      const entry: Entry = { input, substitutions: [], picks: 0 };
      entries.push(entry);
      return entry;
    },
    pick(random) {
      let best = random.pick(entries);
      for (let drawn = 1; drawn < DRAWN; drawn++) {
        const other = random.pick(entries);
        if (other.picks < best.picks) best = other;
      }
      best.picks += 1;
      return best;
    },
    hasReached: ({ firstBranch, branches: count }) =>
      steps.subarray(firstBranch, firstBranch + count).some((known) => known !== 0),
  };
}
