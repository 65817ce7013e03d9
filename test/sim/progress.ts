/** How far a run over many seeds is, how fast it goes, and how long it will take. */

import type { RunResult } from './run.ts';

export interface SeedProgress {
  add(result: RunResult): void;
  end(): void;
}

/** On a terminal one line that changes; elsewhere one line now and then. */
const PERIOD_MS = { terminal: 200, file: 10_000 } as const;

export function trackSeeds(seeds: number, nowMs: () => number): SeedProgress {
  const { stderr } = process;
  const periodMs = stderr.isTTY ? PERIOD_MS.terminal : PERIOD_MS.file;
  const startMs = nowMs();
  let toldMs = startMs;
  let done = 0;
  let transactions = 0;
  let violations = 0;

  function line(): string {
    const seconds = (nowMs() - startMs) / 1_000;
    const left = Math.ceil((seconds / done) * (seeds - done));
    const rate = `${Math.round(transactions / seconds)} transactions a second`;
    return `${done} of ${seeds} seeds, ${rate}, ${violations} violations, ${left} s left`;
  }
  return {
    add(result) {
      done += 1;
      transactions += result.transactions;
      violations += result.violation === undefined ? 0 : 1;
      if (nowMs() - toldMs < periodMs) return;
      toldMs = nowMs();
      stderr.write(stderr.isTTY ? `\r${line()}\u001b[K` : `${line()}\n`);
    },
    end() {
      if (stderr.isTTY) stderr.write('\n');
    },
  };
}
