/** What a command of the table of cuts is: how to come to it, the request, and how to ask again after a cut. */

import type { Host } from '../meter/host.ts';
import type { StageName } from '../meter/stages.ts';

/** The only two ways out of a cut: as if it had never been asked for, or done. */
export type Outcome = 'rolledBack' | 'completed';

export interface Reply {
  /** What was said and must stay said; empty where each answer is another one. */
  readonly said: string;
  /** What the request found of the one before it; undefined where only the registers tell. */
  readonly found: Outcome | undefined;
}

export interface Act {
  /** The request, with all that power is cut in. @returns what was said, as {@link Reply.said} */
  perform(): Promise<string>;
  /**
   * The same again, by a host that comes back after the cut, or after an answer.
   * @param answers what may have been said to the one before
   * @throws Error where what the meter does is none of the two outcomes
   */
  again(host: Host, answers: readonly string[]): Promise<Reply>;
}

export interface CutCommand {
  readonly name: string;
  /** What the flash holds before power comes on. */
  readonly from: StageName;
  /** The housing is open when the meter comes up after the cut. */
  readonly isOpened?: true;
  /** Each request counts, also a repeated one: what it says moves on. */
  readonly isCounted?: true;
  /** What it gives is random: until somebody has heard it, it may be made anew. */
  readonly isBorn?: true;
  /** All that comes before the request, from power-up; nothing of it is cut. */
  begin(host: Host): Promise<Act>;
}
