/** How far a job is, how fast it goes, and how long it will take (requirements.md C4). */

import type { Job } from './job.ts';

export interface Progress {
  /** Pieces that nothing more is to be done with. */
  readonly done: number;
  readonly pieces: number;
  /** Since this run began. */
  readonly piecesPerSecond: number;
  /** At that rate; undefined while there is none. */
  readonly secondsLeft: number | undefined;
}

/** @param nowMs any clock that only runs forward */
export function trackProgress(
  { figures, description: { pieces } }: Pick<Job, 'figures' | 'description'>,
  isPrinting: boolean,
  nowMs: () => number = () => performance.now(),
): (job: Pick<Job, 'figures'>) => Progress {
  const startMs = nowMs();
  const doneAtStart = doneOf(figures, isPrinting);
  return (job) => {
    const done = doneOf(job.figures, isPrinting);
    const seconds = (nowMs() - startMs) / 1_000;
    const piecesPerSecond = seconds > 0 ? (done - doneAtStart) / seconds : 0;
    const secondsLeft = piecesPerSecond > 0 ? (pieces - done) / piecesPerSecond : undefined;
    return { done, pieces, piecesPerSecond, secondsLeft };
  };
}

/** A piece that may be on paper is done as far as the run goes: the rest is a person's to decide. */
function doneOf(figures: Job['figures'], isPrinting: boolean): number {
  const { issued, sending, sent, confirmed, spoiled, refused } = figures;
  return sending + sent + confirmed + spoiled + refused + (isPrinting ? 0 : issued);
}
