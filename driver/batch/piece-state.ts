/**
 * The life of one piece of a job, as a pure function from step to step (requirements.md C4, F6; printing.md 5).
 *
 *     planned → intended → issued → sending → sent → confirmed
 *
 * An intention may end refused, or be given back. From `issued` on the piece is charged, and ends confirmed, sent or
 * spoiled. Nothing leads from `sending` back but the word of the printer that nothing had left, and a person.
 */

import type { RequestId } from '#protocol/command-layouts';
import type { Mills } from '#protocol/mills';

/**
 * `intended`: the meter may or may not have charged it · `issued`: charged, not printed · `sending`: some of it may be on
 * paper, and only a person can tell · `sent`: the printer took it all and says no more · `confirmed`: on paper ·
 * `spoiled`: charged, to be refunded · `refused`: never charged, unless the reason is `requestForgotten`: of a request
 * that old only the meter's own log tells.
 */
export const pieceStates = [
  'planned',
  'intended',
  'issued',
  'sending',
  'sent',
  'confirmed',
  'spoiled',
  'refused',
] as const;
export type PieceState = (typeof pieceStates)[number];

export interface PieceRecord {
  readonly state: PieceState;
  /** Under which the meter was asked last. */
  readonly intention?: Intention | undefined;
  /** Where in the journal the indicium is, once there is one. */
  readonly indiciumAt?: number | undefined;
  /** The state to go back to where nothing of a job reached the printer. */
  readonly unsentState?: PieceState | undefined;
  /** How often a person had it printed once more. */
  readonly reprints: number;
  /** Name of the status where it was refused; what a person said where it is spoiled. */
  readonly reason?: string | undefined;
}

/** What a piece was asked for with. */
export interface Intention {
  readonly requestId: RequestId;
  /** YYYYMMDD. */
  readonly mailingDate: number;
  /** What it cost then. */
  readonly postage: Mills;
  /** Pieces the meter had charged before. */
  readonly pieceCount: number;
}

/** One thing that happened to a piece. */
export type PieceStep =
  | { readonly step: 'intended'; readonly intention: Intention }
  | { readonly step: 'issued'; readonly indicium: string }
  | { readonly step: 'refused'; readonly reason: string }
  /** The meter refused, and not for the sake of the piece: it may be asked for again. */
  | { readonly step: 'released'; readonly reason: string }
  | { readonly step: 'sending' }
  /** The printer was not ready: nothing had left. */
  | { readonly step: 'unsent' }
  | { readonly step: 'sent' }
  | { readonly step: 'confirmed' }
  /** A person has it printed once more. */
  | { readonly step: 'reprinting' }
  /** A person saw it on paper. */
  | { readonly step: 'accepted' }
  | { readonly step: 'spoiled'; readonly reason: string };

export const plannedPiece: PieceRecord = { state: 'planned', reprints: 0 };

const follows: Readonly<Record<PieceStep['step'], readonly PieceState[]>> = {
  intended: ['planned'],
  issued: ['intended'],
  refused: ['planned', 'intended'], // at once where the rate table has no price for it
  released: ['intended'],
  sending: ['issued'],
  unsent: ['sending'],
  sent: ['sending'],
  confirmed: ['sending'],
  reprinting: ['sending', 'sent', 'confirmed'],
  accepted: ['sending', 'sent'],
  spoiled: ['issued', 'sending', 'sent', 'confirmed'],
};

export const mayFollow = ({ state }: PieceRecord, step: PieceStep['step']): boolean =>
  follows[step].includes(state);

/**
 * @param offset where in the journal the step is
 * @returns undefined for a step that does not follow
 */
export function next(
  before: PieceRecord,
  step: PieceStep,
  offset: number,
): PieceRecord | undefined {
  if (!mayFollow(before, step.step)) return undefined;
  switch (step.step) {
    case 'intended':
      return { ...before, state: 'intended', intention: step.intention, reason: undefined };
    case 'issued':
      return { ...before, state: 'issued', indiciumAt: offset };
    case 'refused':
      return { ...before, state: 'refused', reason: step.reason };
    case 'released':
      return { ...before, state: 'planned', intention: undefined };
    case 'sending':
      return { ...before, state: 'sending', unsentState: before.state };
    case 'unsent':
      return { ...before, state: before.unsentState ?? 'issued' };
    case 'sent':
      return { ...before, state: 'sent' };
    case 'confirmed':
    case 'accepted':
      return { ...before, state: 'confirmed' };
    case 'reprinting':
      return {
        ...before,
        state: 'sending',
        unsentState: before.state,
        reprints: before.reprints + 1,
      };
    case 'spoiled':
      return { ...before, state: 'spoiled', reason: step.reason };
  }
}
