/**
 * The journal as a pure state: what it must hold after every step, however the flash behaves. A step that power cut short
 * leads to the state before it or to the one after it, and to nothing else.
 */

/** A piece that was charged. */
export interface ModelPiece {
  readonly postage: number;
  readonly isSigned: boolean;
}

export interface ModelState {
  readonly spent: number;
  readonly left: number;
  readonly credited: number;
  /** Tries of the user's password since the last right one. */
  readonly tries: number;
  /** In the order of their request ids, which count from 1. */
  readonly pieces: readonly ModelPiece[];
}

export const emptyModel: ModelState = { spent: 0, left: 0, credited: 0, tries: 0, pieces: [] };

export const stepNames = ['refill', 'charge', 'sign', 'try', 'right'] as const;
export type StepName = (typeof stepNames)[number];

export const REFILL_VALUE = 10_000;

/** What the next piece costs: each a different amount, so that none passes for another. */
export const postageOf = ({ pieces }: ModelState): number => 1 + (pieces.length % 200);

/** Whether a step makes sense. */
export function isPossible(state: ModelState, step: StepName): boolean {
  switch (step) {
    case 'refill':
      return state.left < REFILL_VALUE;
    case 'charge':
      return postageOf(state) <= state.left;
    case 'sign':
      return state.pieces.at(-1)?.isSigned === false;
    case 'try':
      return state.tries < 10;
    case 'right':
      return state.tries > 0;
  }
}

export function next(state: ModelState, step: StepName): ModelState {
  const { spent, left, credited, tries, pieces } = state;
  switch (step) {
    case 'refill':
      return { ...state, left: left + REFILL_VALUE, credited: credited + REFILL_VALUE };
    case 'charge': {
      const postage = postageOf(state);
      const charged = [...pieces, { postage, isSigned: false }];
      return { ...state, spent: spent + postage, left: left - postage, pieces: charged };
    }
    case 'sign': {
      const { postage } = pieces.at(-1) as ModelPiece;
      return { ...state, pieces: [...pieces.slice(0, -1), { postage, isSigned: true }] };
    }
    case 'try':
      return { ...state, tries: tries + 1 };
    case 'right':
      return { ...state, tries: 0 };
  }
}

/** What the journal must say of its newest state and of its last piece. @param isKept whether that was not overwritten */
export function tell({ spent, left, credited, tries, pieces }: ModelState, isKept = true): string {
  const last = isKept ? pieces.at(-1) : undefined;
  const piece = last === undefined ? 'none' : `${last.postage}${last.isSigned ? ' signed' : ''}`;
  return `${pieces.length} pieces, ${spent} spent, ${left} left of ${credited}, ${tries} tries, last ${piece}`;
}
