/** The figures of a job: counted once, then kept up to date with each step (requirements.md C4). */

import { type Mills, mills } from '#protocol/mills';
import type { JobFigures } from './job-description.ts';
import { type PieceRecord, type PieceState, pieceStates } from './piece-state.ts';

export interface Tally {
  /** Counts a piece as it is now, or takes it out again. */
  count(record: PieceRecord, index: number, by: 1 | -1): void;
  figures(): JobFigures;
}

/** Whether the meter has charged a piece. */
export const isCharged = ({ indiciumAt }: PieceRecord): boolean => indiciumAt !== undefined;

/** What a piece was asked for with, else what it would cost now; undefined where it has no price. */
export const postageNow = (
  { intention }: PieceRecord,
  price: Mills | undefined,
): Mills | undefined => intention?.postage ?? price;

/** @param prices of now, by place */
export function createTally(
  records: readonly PieceRecord[],
  prices: readonly (Mills | undefined)[],
): Tally {
  const counts = Object.fromEntries(pieceStates.map((state) => [state, 0]));
  let charged = 0;
  let toCharge = 0;
  function count(record: PieceRecord, index: number, by: 1 | -1): void {
    const postage = by * (postageNow(record, prices[index]) ?? 0);
    counts[record.state] = (counts[record.state] ?? 0) + by;
    if (isCharged(record)) charged += postage;
    else if (record.state !== 'refused') toCharge += postage;
  }
  records.forEach((record, index) => {
    count(record, index, 1);
  });
  return {
    count,
    figures: () => ({
      ...(counts as Record<PieceState, number>),
      charged: mills(charged),
      toCharge: mills(toCharge),
    }),
  };
}
