/** What a printer has said, told apart: jobs that it confirms, and bytes about its state (printing.md 5). */

import { isStatusAnswer } from './printer-status.ts';

export interface PrinterAnswers {
  /** Ids of jobs that are on paper. */
  readonly jobs: readonly string[];
  /** Answers about the state, in the order in which they came. */
  readonly states: readonly number[];
}

/** `7"`, four characters, zero: the digits among them look like answers about the state. */
const CONFIRMATION = [0x37, 0x22] as const;
const CONFIRMATION_SIZE = 7;

/** @param heard everything that was said; a confirmation that is still coming in is left out */
export function readAnswers(heard: Uint8Array): PrinterAnswers {
  const jobs: string[] = [];
  const states: number[] = [];
  for (let at = 0; at < heard.length; ) {
    const rest = heard.subarray(at, at + CONFIRMATION_SIZE);
    const begins = CONFIRMATION.every((byte, place) => (rest[place] ?? byte) === byte);
    if (begins && rest.length < CONFIRMATION_SIZE) break;
    if (begins && rest[CONFIRMATION_SIZE - 1] === 0) {
      jobs.push(String.fromCharCode(...rest.subarray(CONFIRMATION.length, -1)));
      at += CONFIRMATION_SIZE;
    } else {
      const byte = rest[0] as number;
      if (isStatusAnswer(byte)) states.push(byte);
      at += 1;
    }
  }
  return { jobs, states };
}
