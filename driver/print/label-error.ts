/** A label that cannot be composed as it was asked for: known before anything is charged (requirements.md F6). */

export type LabelProblem =
  /** A letter that the fonts lack. */
  | 'noGlyph'
  /** More than the paper holds. */
  | 'noRoom'
  /** The layout has no place for it. */
  | 'noPlace'
  /** The paper is wider than the head, or a sheet is for office printers. */
  | 'wrongPrinter';

const advice: Readonly<Record<LabelProblem, string>> = {
  noGlyph:
    'Write it in Latin, Greek or Cyrillic letters, as post offices abroad read them; nothing is printed with a gap in it.',
  noRoom: 'Leave a line out, or take a larger layout.',
  noPlace: 'Leave it out, or take another layout.',
  wrongPrinter: 'Take another layout, or the profile of another printer.',
};

export class LabelError extends Error {
  override readonly name = 'LabelError';
  readonly problem: LabelProblem;
  /** What to do, for a person. */
  readonly advice: string;

  constructor(problem: LabelProblem, what: string) {
    super(what);
    this.problem = problem;
    this.advice = advice[problem];
  }
}
