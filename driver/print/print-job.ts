/** One job from the question whether the printer is ready to its answer that all is on paper (printing.md 5). */

import { jobIdAnswer } from './escpos.ts';
import type { Inbox } from './inbox.ts';
import { type PrinterLine, waitFor } from './line/line.ts';
import { PrinterError, type PrinterProblem, type PrintStage } from './printer-error.ts';
import {
  isStatusAnswer,
  type PrinterStatus,
  readStatus,
  statusQuestions,
  statusRequest,
  unknownStatus,
} from './printer-status.ts';

/** All in milliseconds. */
export interface PrinterTimeouts {
  readonly connectMs: number;
  /** For each answer about its state. */
  readonly statusMs: number;
  /** Without the printer taking a byte. */
  readonly stallMs: number;
  /** From the last byte to the confirmation: as long as the slowest label takes. */
  readonly confirmMs: number;
}

/** An open printer and what it said. */
export interface Conversation {
  readonly address: string;
  readonly line: PrinterLine;
  readonly inbox: Inbox;
  readonly timeouts: PrinterTimeouts;
}

/** `confirmed`: the printer said that the job is on paper. `sent`: it took every byte, and nobody knows more. */
export type PrintOutcome = 'confirmed' | 'sent';

/** Small enough that a slow serial line takes one within the bound. */
const CHUNK_SIZE = 1_024;

/**
 * Asks for the state of the printer: four questions of one byte's answer each. After the first one that stays without
 * an answer no more are asked.
 * @param stage whether a job has begun, for the error
 * @throws PrinterError where the line has ended
 */
export async function askStatus(
  { address, line, inbox, timeouts }: Conversation,
  stage: PrintStage,
): Promise<PrinterStatus> {
  if (!line.isTwoWay) return unknownStatus;
  const answers: number[] = [];
  try {
    for (const question of statusQuestions) {
      inbox.clear();
      if (inbox.end !== undefined) throw inbox.end;
      const isTaken = await waitFor(line.write(statusRequest(question)), timeouts.statusMs);
      const answer = isTaken && (await inbox.find(firstStatusAnswer, timeouts.statusMs));
      if (answer === undefined || answer === false) return unknownStatus;
      answers.push(answer);
    }
  } catch (cause) {
    const what = 'the connection ended while the printer was asked how it is';
    throw new PrinterError({ address, stage, problem: 'connectionLost', what, cause });
  }
  const [printer, offline, error, paper] = answers as [number, number, number, number];
  return readStatus([printer, offline, error, paper]);
}

function firstStatusAnswer(heard: Uint8Array): number | undefined {
  return heard.find(isStatusAnswer);
}

/**
 * Hands a job over. From its first byte on nothing stops it but the line.
 * @throws PrinterError; `after first byte` unless the line was at its end before
 */
export async function sendJob(
  { address, line, inbox, timeouts }: Conversation,
  job: Uint8Array,
): Promise<void> {
  const fail = (stage: PrintStage, problem: PrinterProblem, what: string, cause?: unknown) =>
    new PrinterError({ address, stage, problem, what, cause });
  if (inbox.end !== undefined)
    throw fail('before first byte', 'connectionLost', 'the connection has ended', inbox.end);
  inbox.clear();
  for (let at = 0; at < job.length; at += CHUNK_SIZE) {
    const work = line.write(job.subarray(at, at + CHUNK_SIZE));
    await bounded(work, `after ${at} of ${job.length} bytes`);
  }
  await bounded(line.flush(), 'with its last bytes');

  async function bounded(work: Promise<void>, where: string): Promise<void> {
    let isDone: boolean;
    try {
      isDone = await waitFor(work, timeouts.stallMs);
    } catch (cause) {
      const what = `the connection ended ${where}`;
      throw fail('after first byte', 'connectionLost', what, cause);
    }
    if (!isDone)
      throw fail('after first byte', 'timeOut', `the printer stopped taking bytes ${where}`);
  }
}

/**
 * Waits for the printer to say that the job with this id is on paper. Where it stays silent it is asked how it is: a
 * printer with a reason to be silent is an error, one without is only unconfirmed.
 */
export async function confirmJob(conversation: Conversation, jobId: string): Promise<PrintOutcome> {
  const { address, inbox, timeouts } = conversation;
  const stage = 'after first byte';
  const answer = jobIdAnswer(jobId);
  let isConfirmed: true | undefined;
  try {
    isConfirmed = await inbox.find((heard) => holds(heard, answer), timeouts.confirmMs);
  } catch (cause) {
    const what = 'the connection ended before the printer confirmed the job';
    throw new PrinterError({ address, stage, problem: 'connectionLost', what, cause });
  }
  if (isConfirmed) return 'confirmed';
  const [problem] = (await askStatus(conversation, stage)).problems;
  if (problem !== undefined)
    throw new PrinterError({ address, stage, problem, what: 'the printer stopped in the job' });
  return 'sent';
}

/** Whether an answer stands anywhere in what was heard: dots can look like questions and draw other answers with it. */
function holds(heard: Uint8Array, answer: Uint8Array): true | undefined {
  return Buffer.from(heard).includes(Buffer.from(answer)) ? true : undefined;
}
