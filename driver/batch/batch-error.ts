/** Why a job cannot be begun, or gone on with, and what to do; what meter, printer and disk say has errors of its own. */

import type { ListProblem } from './list.ts';

export const batchReasons = {
  jobExists: 'Go on with it, or give the new job another directory.',
  jobMissing: 'See whether the directory is right, or begin the job with its list.',
  jobDamaged:
    'Keep the directory and ask for help: what was charged is in its journal and in the meter.',
  jobInUse: 'One process at a time may work on a job: wait for the other one, or end it.',
  otherMeter:
    'Connect the meter that the job was begun with; for another one make a new job of what is still planned.',
  ratesChanged: 'See the new total, then resume and accept the new rates.',
  highValue: 'See whether these amounts are meant, then resume and confirm them.',
  fundsShort: 'Refill the meter, or allow the job to go as far as the funds reach.',
  pieceUnknown: 'References are those of the list; the manifest has them all.',
  pieceState: 'See its state in the manifest.',
} as const satisfies Record<string, string>;
export type BatchReason = keyof typeof batchReasons;

export class BatchError extends Error {
  override readonly name = 'BatchError';
  readonly reason: BatchReason;
  /** What is the matter. */
  readonly what: string;
  /** What to do, for a person. */
  readonly advice: string;

  constructor(reason: BatchReason, what: string, cause?: unknown) {
    const advice = batchReasons[reason];
    super(`${what}. ${advice}`, cause === undefined ? {} : { cause });
    this.reason = reason;
    this.what = what;
    this.advice = advice;
  }
}

/** Rows of a list that are not in order; no job was made, and nothing was charged. */
export class ListError extends Error {
  override readonly name = 'ListError';
  /** The first of them, by row. */
  readonly problems: readonly ListProblem[];
  /** Of all of them. */
  readonly count: number;

  constructor(problems: readonly ListProblem[], count: number) {
    const shown = problems.map(({ line, column, what }) =>
      column === undefined ? `line ${line}: ${what}` : `line ${line}, ${column}: ${what}`,
    );
    const rest = count > problems.length ? [`and ${count - problems.length} more`] : [];
    super(`The list is not in order; nothing was charged.\n${[...shown, ...rest].join('\n')}`);
    this.problems = problems;
    this.count = count;
  }
}
