/** Why a label was not printed, whether any of it can be on paper, and what to do (requirements.md F6; domain.md R38). */

/**
 * `before first byte`: nothing of the job reached the printer, so that it may simply be printed again.
 * `after first byte`: some of it may be on paper; nobody but a person who looks can tell, and nothing is sent twice.
 */
export type PrintStage = 'before first byte' | 'after first byte';

export const printerProblems = {
  unreachable:
    'See whether the printer is on and connected, whether its address is right, and whether this user may use it ' +
    '(a device belongs to the group lp or dialout).',
  busy: 'Another job is being printed here: print this one when that has ended.',
  offline: 'Put the printer online: its feed button or its panel, then print again.',
  coverOpen: 'Close the cover of the printer.',
  paperOut: 'Put in paper.',
  cutterJammed: 'Clear the cutter, then switch the printer off and on.',
  fault: 'Switch the printer off and on; where that does not help, have it repaired.',
  connectionLost: 'See to the cable or the network, then open the printer again.',
  timeOut: 'See why the printer takes nothing: paper, cover, cable; then open it again.',
} as const satisfies Record<string, string>;

export type PrinterProblem = keyof typeof printerProblems;

const LOOK_FIRST =
  'Part of the label may be on paper: look. If its symbol is whole, use it; if not, have the same indicium reprinted ' +
  'or claim it as spoiled. Nothing was sent twice.';

export interface PrinterErrorFields {
  readonly address: string;
  readonly stage: PrintStage;
  readonly problem: PrinterProblem;
  /** What happened. */
  readonly what: string;
  readonly cause?: unknown;
}

export class PrinterError extends Error {
  override readonly name = 'PrinterError';
  readonly address: string;
  readonly stage: PrintStage;
  readonly problem: PrinterProblem;
  /** What to do, for a person. */
  readonly advice: string;

  constructor({ address, stage, problem, what, cause }: PrinterErrorFields) {
    const remedy: string = printerProblems[problem];
    const advice = stage === 'after first byte' ? `${remedy} ${LOOK_FIRST}` : remedy;
    const why = cause instanceof Error ? ` (${cause.message})` : '';
    super(`${address}: ${what}${why}, ${stage}. ${advice}`, cause === undefined ? {} : { cause });
    this.address = address;
    this.stage = stage;
    this.problem = problem;
    this.advice = advice;
  }
}
