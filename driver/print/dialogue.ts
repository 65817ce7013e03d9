/** How the printers of each language are asked and watched. */

import { type StatusLanguage, tsplStatus, zplStatus } from './host-status.ts';
import { askHostStatus, watchJob } from './host-status-job.ts';
import { askStatus, type Conversation, confirmJob, type PrintOutcome } from './print-job.ts';
import type { PrintStage } from './printer-error.ts';
import type { PrinterLanguage } from './printer-profile.ts';
import { type PrinterStatus, unknownStatus } from './printer-status.ts';

export interface Dialogue {
  /** @throws PrinterError where the line has ended */
  status(conversation: Conversation, stage: PrintStage): Promise<PrinterStatus>;
  /** Behind the last byte of a job. @throws PrinterError for what keeps it from printing */
  outcome(conversation: Conversation, jobId: string | undefined): Promise<PrintOutcome>;
}

const byHostStatus = (language: StatusLanguage): Dialogue => ({
  status: (conversation, stage) => askHostStatus(conversation, language, stage),
  outcome: (conversation) => watchJob(conversation, language),
});

export const dialogues: Readonly<Record<PrinterLanguage, Dialogue>> = {
  escpos: {
    status: askStatus,
    outcome: async (conversation, jobId) =>
      jobId === undefined ? 'sent' : await confirmJob(conversation, jobId),
  },
  zpl: byHostStatus(zplStatus),
  tspl: byHostStatus(tsplStatus),
  // what speaks PDF is a queue: it says when it took a job, and no more
  pdf: { status: async () => unknownStatus, outcome: async () => 'sent' },
};
