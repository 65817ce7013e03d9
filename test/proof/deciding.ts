/** Asks all queries of all models, as many at a time as there are processors. */

import { availableParallelism } from 'node:os';
import type { Problem } from './clause.ts';
import type { Pma1 } from './model/pma1.ts';
import { type Query, queries } from './queries.ts';
import { decide, type Verdict } from './spass.ts';

/** A number of tasks at a time, results in their order. */
export async function inParallel<T, R>(
  tasks: readonly T[],
  work: (task: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < tasks.length) {
      const at = next++;
      results[at] = await work(tasks[at] as T);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}

/** The verdict on a query: it holds where each of its problems does. Stops at the first that does not. */
async function decideAll(problems: readonly Problem[]): Promise<Verdict> {
  for (const problem of problems) {
    const verdict = await decide(problem);
    if (verdict !== 'holds') return verdict;
  }
  return 'holds';
}

export const decideQuery = (query: Query, pma: Pma1): Promise<Verdict> =>
  decideAll(query.problems(pma));

export function queryNamed(name: string): Query {
  const query = queries.find((each) => each.name === name);
  if (query === undefined) throw new Error(`there is no query ${name}`);
  return query;
}
