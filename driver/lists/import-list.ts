/** Takes a table into a saved list: whole, or with the rows that are not in order left out and told (requirements.md F5). */

import { type EntryDefaults, type EntryProblem, readEntry } from './entry.ts';
import type { ListStore } from './list-store.ts';
import type { Mapping } from './mapping.ts';
import type { Table } from './table.ts';

/** Problems that are told of each kind; the others are counted. */
const TOLD_MAX = 100;
const PROGRESS_EVERY = 5_000;

export interface ImportOptions extends EntryDefaults {
  readonly mapping: Mapping;
  /** Leaves rows out that cannot be taken; else the list is not taken at all. */
  readonly skipsWrong?: boolean | undefined;
  readonly skipsDuplicates?: boolean | undefined;
  /** Looks at everything, and takes nothing. */
  readonly isTrial?: boolean | undefined;
  readonly now?: (() => number) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told how many rows were read, every some thousands. */
  readonly onProgress?: ((rows: number) => void) | undefined;
}

export interface ImportReport {
  readonly rows: number;
  readonly taken: number;
  /** Rows that cannot be taken. */
  readonly wrong: number;
  /** Rows that were taken, and need a look before they are mailed. */
  readonly doubtful: number;
  readonly duplicates: number;
  readonly isKept: boolean;
  /** The first of them, of both kinds and duplicates. */
  readonly problems: readonly (EntryProblem & { readonly kind: ProblemKind })[];
}
type ProblemKind = 'wrong' | 'doubtful' | 'duplicate';

/** @throws TableError where the file ends being one · the reason of the signal; nothing is kept then */
export async function importList(
  store: ListStore,
  name: string,
  table: Table,
  options: ImportOptions,
): Promise<ImportReport> {
  const { mapping, skipsWrong = false, skipsDuplicates = false, isTrial = false } = options;
  const { now = Date.now, signal } = options;
  const counts = { rows: 0, taken: 0, wrong: 0, doubtful: 0, duplicates: 0 };
  const told: Record<ProblemKind, EntryProblem[]> = { wrong: [], doubtful: [], duplicate: [] };
  const tell = (kind: ProblemKind, ...problems: readonly EntryProblem[]): void => {
    for (const problem of problems) if (told[kind].length < TOLD_MAX) told[kind].push(problem);
  };
  using writer = store.begin(name, now());
  for await (const row of table.rows) {
    signal?.throwIfAborted();
    counts.rows += 1;
    if (counts.rows % PROGRESS_EVERY === 0) options.onProgress?.(counts.rows);
    const { line } = row;
    const read = readEntry(row, mapping, options);
    if ('wrong' in read) {
      counts.wrong += 1;
      tell('wrong', ...read.wrong);
      continue;
    }
    const { isTaken, duplicateOf } = writer.add(read.entry, skipsDuplicates);
    if (!isTaken && duplicateOf === undefined) {
      counts.wrong += 1;
      const what = `"${read.entry.reference}" is there before`;
      tell('wrong', { line, field: 'reference', what });
      continue;
    }
    if (duplicateOf !== undefined) {
      counts.duplicates += 1;
      tell('duplicate', { line, what: `is the same as ${duplicateOf}` });
    }
    if (!isTaken) continue;
    counts.taken += 1;
    if (read.doubts.length === 0) continue;
    counts.doubtful += 1;
    tell('doubtful', ...read.doubts);
  }
  const isKept = !isTrial && counts.taken > 0 && (counts.wrong === 0 || skipsWrong);
  if (isKept) writer.commit();
  const problems = (Object.keys(told) as ProblemKind[]).flatMap((kind) =>
    told[kind].map((problem) => ({ kind, ...problem })),
  );
  return { ...counts, isKept, problems };
}
