/**
 * A job that is noted before its first byte and behind its last, so that whatever stops in between, what is known of it on
 * paper is on disk; nothing here ever sends it again (requirements.md F6; printing.md 5).
 */

import type { PaperStep } from '../paper-state.ts';
import type { PendingEntry, PendingJournal } from '../pending.ts';
import type { PrintOutcome } from './print-job.ts';
import type { Printer, PrintOptions } from './printer.ts';
import { PrinterError } from './printer-error.ts';

/** Takes each step, and returns when it is kept. */
export interface PaperLog {
  note(step: Exclude<PaperStep, 'accepted' | 'reprinting'>): Promise<void>;
}

/**
 * Notes the steps of one piece in the journal of pieces.
 * @param isReprint whether a person has it printed once more, which the journal counts
 */
export function paperLog(
  journal: PendingJournal,
  entry: PendingEntry,
  isReprint = false,
): PaperLog {
  return {
    async note(step) {
      if (isReprint && step === 'composed') return; // what was on paper stays known
      await journal.paper(entry, isReprint && step === 'sending' ? 'reprinting' : step);
    },
  };
}

/** @throws PrinterError; the piece stays `sending` where any of it may be on paper */
export async function printOnce(
  printer: Pick<Printer, 'print'>,
  job: Uint8Array,
  log: PaperLog | undefined,
  options: PrintOptions = {},
): Promise<PrintOutcome> {
  await log?.note('composed');
  await log?.note('sending');
  let outcome: PrintOutcome;
  try {
    outcome = await printer.print(job, options);
  } catch (error) {
    if (error instanceof PrinterError && error.stage === 'before first byte')
      await log?.note('unsent');
    throw error;
  }
  await log?.note(outcome);
  return outcome;
}
