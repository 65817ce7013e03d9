/** Seeded walks of the journal of the firmware beside its model (test/cuts/journal). */

import { nodeCrypto } from '#driver/node-crypto';
import { firmwareJournal, type JournalModule } from '../journal/steps.ts';
import { walk } from '../journal/walk.ts';
import { textOf } from '../judging/judge.ts';
import type { Context } from './context.ts';
import { counting, type Tally } from './tally.ts';

export interface JournalTask {
  readonly campaign: 'journal';
  /** Seeds of the walks. */
  readonly numbers: readonly number[];
}

const STEPS_OF_A_WALK = 400;

export function walkJournal(
  { workshop, progress }: Context,
  { numbers }: JournalTask,
  module: JournalModule = firmwareJournal,
): Tally {
  const { count, violate, tally } = counting('journal', 'walks');
  for (const number of numbers) {
    count('walks');
    progress(1);
    try {
      const seed = workshop.seed * 0x1_0000 + number;
      const figures = walk({ module, crypto: nodeCrypto, seed, steps: STEPS_OF_A_WALK });
      for (const [name, figure] of Object.entries(figures)) count(name, figure);
    } catch (error) {
      violate({ numbers: [number], where: `walk ${number}`, text: textOf(error) });
    }
  }
  return tally;
}
