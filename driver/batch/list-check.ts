/** A whole list before anything is charged: every row in order, every reference once (requirements.md C4). */

import { type Mills, mills } from '#protocol/mills';
import { ListError } from './batch-error.ts';
import { isPiece, type ListPiece, type ListProblem, readList } from './list.ts';

/** Pieces of one job: their references are held in memory. */
export const PIECES_MAX = 100_000;
/** Problems that are told; the others are counted. */
const PROBLEMS_MAX = 100;

export interface CheckedList {
  /** The place of each piece by its reference, in the order of the list. */
  readonly places: ReadonlyMap<string, number>;
  /** In mills, by place. */
  readonly postages: readonly Mills[];
  readonly total: Mills;
}

/** @throws ListError */
export async function checkList(source: AsyncIterable<Uint8Array>): Promise<CheckedList> {
  const places = new Map<string, number>();
  const postages: Mills[] = [];
  const problems: ListProblem[] = [];
  let count = 0;
  const note = (problem: ListProblem): void => {
    count += 1;
    if (problems.length < PROBLEMS_MAX) problems.push(problem);
  };

  for await (const row of readList(source)) {
    const problem = isPiece(row) ? objection(row, places) : row;
    if (problem !== undefined) note(problem);
    if (places.size === PIECES_MAX && isPiece(row)) break;
    if (problem === undefined && isPiece(row)) {
      places.set(row.reference, places.size);
      postages.push(row.postage);
    }
  }
  if (count === 0 && places.size === 0) note({ line: 1, what: 'the list has no pieces' });
  if (count > 0) throw new ListError(problems, count);
  return { places, postages, total: mills(postages.reduce((sum, each) => sum + each, 0)) };
}

function objection(
  { line, reference }: ListPiece,
  places: ReadonlyMap<string, number>,
): ListProblem | undefined {
  if (places.has(reference))
    return { line, column: 'reference', what: `"${reference}" is there before` };
  if (places.size < PIECES_MAX) return undefined;
  return { line, what: `a job has ${PIECES_MAX} pieces at most: divide the list` };
}
