/** What an ESC/POS printer says about itself: the four answers to DLE EOT, which it gives at any time (printing.md 5). */

import type { PrinterProblem } from './printer-error.ts';

export interface PrinterStatus {
  /** `unknown`: it did not answer, or not as such printers do. That is never taken for ready. */
  readonly readiness: 'ready' | 'blocked' | 'unknown';
  /** What keeps it from printing, the most telling first; empty unless blocked. */
  readonly problems: readonly PrinterProblem[];
  /** Whether the paper is nearly used up. */
  readonly isPaperLow: boolean;
}

export const unknownStatus: PrinterStatus = {
  readiness: 'unknown',
  problems: [],
  isPaperLow: false,
};

/** The questions in order: printer, causes of being offline, causes of errors, paper. */
export const statusQuestions = [1, 2, 3, 4] as const;

const DLE = 0x10;
const EOT = 0x04;

export function statusRequest(question: (typeof statusQuestions)[number]): Uint8Array {
  return Uint8Array.of(DLE, EOT, question);
}

/** Bits 0, 1, 4 and 7 of every answer are 0, 1, 1, 0; anything else is noise or another printer language. */
export function isStatusAnswer(byte: number): boolean {
  return (byte & 0x93) === 0x12;
}

/** In the order in which a person would want to hear of them. */
const signs: readonly {
  readonly question: (typeof statusQuestions)[number];
  readonly mask: number;
  readonly problem: PrinterProblem;
}[] = [
  { question: 2, mask: 0x04, problem: 'coverOpen' },
  { question: 4, mask: 0x60, problem: 'paperOut' },
  { question: 2, mask: 0x20, problem: 'paperOut' },
  { question: 3, mask: 0x08, problem: 'cutterJammed' },
  { question: 3, mask: 0x60, problem: 'fault' },
  { question: 2, mask: 0x40, problem: 'fault' },
  { question: 1, mask: 0x08, problem: 'offline' },
];
const PAPER_LOW = 0x0c;

/** @param answers the answers to {@link statusQuestions}, in their order */
export function readStatus(answers: readonly [number, number, number, number]): PrinterStatus {
  if (!answers.every(isStatusAnswer)) return unknownStatus;
  const problems = new Set<PrinterProblem>();
  for (const { question, mask, problem } of signs)
    if (((answers[question - 1] as number) & mask) !== 0) problems.add(problem);
  return {
    readiness: problems.size === 0 ? 'ready' : 'blocked',
    problems: [...problems],
    isPaperLow: (answers[3] & PAPER_LOW) !== 0,
  };
}
