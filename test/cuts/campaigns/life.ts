/** The journal of the firmware until its flash is worn out (test/cuts/journal/life.ts). */

import { nodeCrypto } from '#driver/node-crypto';
import type { WearFailure } from '#emulator/flash/wear';
import { liveOut } from '../journal/life.ts';
import { firmwareJournal } from '../journal/steps.ts';
import { textOf } from '../judging/judge.ts';
import type { Context } from './context.ts';
import { counting, type Tally } from './tally.ts';

export interface LifeTask {
  readonly campaign: 'life';
  readonly failure: WearFailure;
  /** Sectors of the ring. */
  readonly sectors: number;
  /** Erases that a sector stands at least. */
  readonly endurance: number;
}

export function liveAndDie({ workshop, progress }: Context, task: LifeTask): Tally {
  const { failure, sectors, endurance } = task;
  const { count, violate, tally } = counting('life', failure);
  try {
    const life = liveOut({
      module: firmwareJournal,
      crypto: nodeCrypto,
      seed: workshop.seed,
      failure,
      sectors,
      endurance,
      progress,
    });
    for (const [name, figure] of Object.entries(life)) count(name, figure);
  } catch (error) {
    violate({ numbers: [sectors, endurance], where: failure, text: textOf(error) });
  }
  return tally;
}
