/** A whole list before anything is charged: every row in order and with a price, every reference once (requirements.md C4). */

import type { RateTable } from '#protocol/documents/rate-table';
import { type Mills, mills } from '#protocol/mills';
import { ListError } from './batch-error.ts';
import { isPiece, type ListPiece, type ListProblem, readList } from './list.ts';
import { chargedPrice, priceProblem, statedPrice } from './list-price.ts';

/** Pieces of one job: their references are held in memory. */
export const PIECES_MAX = 100_000;
/** Problems that are told; the others are counted. */
const PROBLEMS_MAX = 100;

export interface CheckedList {
  /** The place of each piece by its reference, in the order of the list. */
  readonly places: ReadonlyMap<string, number>;
  /** What each piece costs, by place; undefined where the table has no price for it any more. */
  readonly postages: readonly (Mills | undefined)[];
  readonly total: Mills;
}

/**
 * Checks a list as it is taken.
 * @param table that gives the prices; without one the list gives them
 * @throws ListError
 */
export function checkList(
  source: AsyncIterable<Uint8Array>,
  table?: RateTable,
): Promise<CheckedList> {
  return check(source, (piece) => {
    const price = statedPrice(table, piece);
    return price.ok ? price.value : priceProblem(piece, price);
  });
}

/** The same of a list that was taken before, by the table that it is charged by now. @throws ListError */
export function rateList(
  source: AsyncIterable<Uint8Array>,
  table: RateTable | undefined,
): Promise<CheckedList> {
  return check(source, (piece) => {
    const price = chargedPrice(table, piece);
    return price.ok ? price.value : undefined;
  });
}

async function check(
  source: AsyncIterable<Uint8Array>,
  priceOf: (piece: ListPiece) => Mills | undefined | ListProblem,
): Promise<CheckedList> {
  const places = new Map<string, number>();
  const postages: (Mills | undefined)[] = [];
  const problems: ListProblem[] = [];
  let count = 0;
  const note = (problem: ListProblem): void => {
    count += 1;
    if (problems.length < PROBLEMS_MAX) problems.push(problem);
  };

  for await (const row of readList(source)) {
    if (!isPiece(row)) {
      note(row);
      continue;
    }
    const objected = objection(row, places);
    const price = objected ?? priceOf(row);
    if (typeof price === 'object') note(price);
    if (places.size === PIECES_MAX) break;
    if (typeof price === 'object') continue;
    places.set(row.reference, places.size);
    postages.push(price);
  }
  if (count === 0 && places.size === 0) note({ line: 1, what: 'the list has no pieces' });
  if (count > 0) throw new ListError(problems, count);
  return { places, postages, total: mills(postages.reduce<number>(plus, 0)) };
}

const plus = (sum: number, postage: Mills | undefined): number => sum + (postage ?? 0);

function objection(
  { line, reference }: ListPiece,
  places: ReadonlyMap<string, number>,
): ListProblem | undefined {
  if (places.has(reference))
    return { line, column: 'reference', what: `"${reference}" is there before` };
  if (places.size < PIECES_MAX) return undefined;
  return { line, what: `a job has ${PIECES_MAX} pieces at most: divide the list` };
}
