/** A part of a campaign that one thread does by itself; plain data, so that it can be sent to one. */

import type { Context } from './context.ts';
import { cutTwice, type DoubleTask } from './double.ts';
import { type FlipsTask, flipBits } from './flips.ts';
import { type JournalTask, walkJournal } from './journal.ts';
import { type LifeTask, liveAndDie } from './life.ts';
import { cutOnce, type SingleTask } from './single.ts';
import type { Tally } from './tally.ts';
import { bootOften, type WeakTask } from './weak.ts';
import { type WearoutTask, wearOut } from './wearout.ts';

export type Task =
  | SingleTask
  | DoubleTask
  | WeakTask
  | FlipsTask
  | WearoutTask
  | JournalTask
  | LifeTask;

export async function perform(context: Context, task: Task): Promise<Tally> {
  switch (task.campaign) {
    case 'single':
      return cutOnce(context, task);
    case 'double':
      return cutTwice(context, task);
    case 'weak':
      return bootOften(context, task);
    case 'flips':
      return flipBits(context, task);
    case 'wearout':
      return wearOut(context, task);
    case 'journal':
      return walkJournal(context, task);
    case 'life':
      return liveAndDie(context, task);
  }
}

/** What its progress is counted in. */
export const unitOf = {
  single: 'cuts',
  double: 'cuts',
  weak: 'cuts',
  flips: 'flips',
  wearout: 'meters',
  journal: 'walks',
  life: 'commits',
} as const satisfies Record<Task['campaign'], string>;
