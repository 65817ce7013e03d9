/**
 * Watching a job of a printer that tells no ids: it is on paper when the printer was seen at work behind the last byte and
 * has nothing left to do. One that was never seen at work may have lost a part of the job, and confirms nothing.
 */

import type { HostStatus, StatusLanguage } from './host-status.ts';
import { waitFor } from './line/line.ts';
import { type Conversation, type PrintOutcome, stopped } from './print-job.ts';
import { PrinterError, type PrinterProblem, type PrintStage } from './printer-error.ts';
import { type PrinterStatus, unknownStatus } from './printer-status.ts';

/** So many looks at a printer that is idle and was not at work: it will not begin any more. */
const IDLE_LOOKS_MAX = 6;

/** Asks once. @returns undefined where nothing, or nothing that can be read, is answered @throws PrinterError */
async function look(
  { address, line, inbox, timeouts }: Conversation,
  language: StatusLanguage,
  stage: PrintStage,
): Promise<HostStatus | undefined> {
  try {
    inbox.clear();
    if (inbox.end !== undefined) throw inbox.end;
    if (!(await waitFor(line.write(language.question), timeouts.statusMs))) return undefined;
    return await inbox.find((heard) => language.read(heard), timeouts.statusMs);
  } catch (cause) {
    const what = 'the connection ended while the printer was asked how it is';
    throw new PrinterError({ address, stage, problem: 'connectionLost', what, cause });
  }
}

/** @throws PrinterError where the line has ended */
export async function askHostStatus(
  conversation: Conversation,
  language: StatusLanguage,
  stage: PrintStage,
): Promise<PrinterStatus> {
  if (!conversation.line.isTwoWay) return unknownStatus;
  return (await look(conversation, language, stage)) ?? unknownStatus;
}

/** Waits until the printer has nothing left to do. @throws PrinterError for what keeps it from printing, said twice */
export async function watchJob(
  conversation: Conversation,
  language: StatusLanguage,
): Promise<PrintOutcome> {
  const { timeouts, inbox } = conversation;
  const endMs = performance.now() + timeouts.confirmMs;
  let wasAtWork = false;
  let idleLooks = 0;
  let before: PrinterProblem | undefined;
  while (performance.now() < endMs && idleLooks < IDLE_LOOKS_MAX) {
    const seen = await look(conversation, language, 'after first byte');
    if (seen === undefined || seen.readiness === 'unknown') return 'sent';
    const [problem] = seen.problems;
    if (problem !== undefined && problem === before) throw stopped(conversation, problem);
    before = problem;
    if (problem === undefined && seen.work === 'idle') {
      if (wasAtWork) return 'confirmed';
      idleLooks += 1;
    }
    if (seen.work === 'working') wasAtWork = true;
    await pause(inbox.find(() => undefined, timeouts.watchMs));
  }
  return 'sent';
}

/** The end of the line is told by the next look, which has words for it. */
async function pause(waiting: Promise<unknown>): Promise<void> {
  await Promise.allSettled([waiting]);
}
