/** What went wrong at a desk, for those who look after it (requirements.md F7). */

import type { Books } from './books.ts';
import type { Span } from './postage-log.ts';

export interface DeskFailure {
  readonly atMs: number;
  /** As it was called, without options. */
  readonly command: string;
  readonly reason: string;
  readonly message: string;
}

const MESSAGE_SIZE_MAX = 500;

export function noteFailure({ sql }: Books, { atMs, command, reason, message }: DeskFailure): void {
  const short = message.slice(0, MESSAGE_SIZE_MAX);
  sql('INSERT INTO failure (atMs, command, reason, message) VALUES (?, ?, ?, ?)').run(
    ...([atMs, command, reason, short] as const),
  );
}

/** Oldest first. */
export function failuresIn({ sql }: Books, { fromMs, toMs }: Span): readonly DeskFailure[] {
  return sql(
    'SELECT atMs, command, reason, message FROM failure WHERE atMs >= ? AND atMs < ? ORDER BY id',
  ).all(fromMs, toMs) as unknown as DeskFailure[];
}
