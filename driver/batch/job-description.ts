/** What a job is, how it stands, and what another rate table would make of it (requirements.md C4, C6). */

import type { Mills } from '#protocol/mills';
import type { PieceState } from './piece-state.ts';

/** What stands on every label of a job. */
export interface JobLabel {
  readonly returnAddress: readonly string[];
  /** Class inscription for all pieces; where there is none, the name of each one's service. */
  readonly inscription?: string | undefined;
}

export interface JobDescription {
  /** The only meter the job is charged by, as text: `TS01-0000000042`. */
  readonly meter: string;
  readonly createdMs: number;
  readonly pieces: number;
  /** Postage of all pieces when the job was begun. */
  readonly total: Mills;
  /** Whether a rate table gives the prices; else the list does. */
  readonly isRated: boolean;
  /** SHA-256 of the list, in hex. */
  readonly listDigest: string;
  readonly label: JobLabel;
}

export interface JobFigures extends Readonly<Record<PieceState, number>> {
  /** Postage of all that is charged, spoiled pieces too. */
  readonly charged: Mills;
  /** Postage of what may still be charged. */
  readonly toCharge: Mills;
}

/** What another rate table would make of a job. */
export interface JobQuote {
  /** Postage of what may still be charged. */
  readonly toCharge: Mills;
  /** Pieces that would cost something else than now. */
  readonly changed: number;
  /** Pieces that it has no price for. */
  readonly unpriced: number;
}
