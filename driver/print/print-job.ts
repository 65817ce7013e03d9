/** One job from the question whether the printer is ready to its answer that all is on paper (printing.md 5). */

import type { Inbox } from './inbox.ts';
import { type PrinterLine, UnsentError, waitFor } from './line/line.ts';
import { type PrinterAnswers, readAnswers } from './printer-answers.ts';
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
  /** Between two looks at a printer that has not confirmed yet. */
  readonly watchMs: number;
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
      if (cause instanceof UnsentError)
        throw fail('before first byte', 'unreachable', 'the queue took nothing', cause);
      const what = `the connection ended ${where}`;
      throw fail('after first byte', 'connectionLost', what, cause);
    }
    if (!isDone)
      throw fail('after first byte', 'timeOut', `the printer stopped taking bytes ${where}`);
  }
}

/** What came of one look at a printer that is at work: it has confirmed, says how it is, or says nothing. */
type Look = 'confirmed' | PrinterStatus;

/**
 * Waits for the printer to say that the job with this id is on paper, and looks meanwhile whether it still works: what it
 * says twice in a row that keeps it from printing is an error at once. One without a reason to be silent is only
 * unconfirmed.
 */
export async function confirmJob(conversation: Conversation, jobId: string): Promise<PrintOutcome> {
  const { timeouts } = conversation;
  const endMs = performance.now() + timeouts.confirmMs;
  const leftMs = (): number => Math.max(0, endMs - performance.now());
  let before: PrinterProblem | undefined;
  while (leftMs() > 0) {
    const isConfirmed = await hears(
      conversation,
      ({ jobs }) => jobs.includes(jobId) || undefined,
      Math.min(timeouts.watchMs, leftMs()),
    );
    if (isConfirmed) return 'confirmed';
    const look = await lookAtWork(conversation, jobId, leftMs);
    if (look === 'confirmed') return look;
    const [problem] = look.problems;
    if (problem !== undefined && problem === before) throw stopped(conversation, problem);
    before = problem; // dots of the label may have drawn an answer that was taken for another: it is asked again
  }
  const [problem] = (await askStatus(conversation, 'after first byte')).problems;
  if (problem !== undefined) throw stopped(conversation, problem);
  return 'sent';
}

/** What a printer says in the middle of a job. */
export function stopped({ address }: Conversation, problem: PrinterProblem): PrinterError {
  const what = 'the printer stopped in the job';
  return new PrinterError({ address, stage: 'after first byte', problem, what });
}

/** Asks as {@link askStatus} does, and forgets nothing of what is said meanwhile: it may be the confirmation. */
async function lookAtWork(
  conversation: Conversation,
  jobId: string,
  leftMs: () => number,
): Promise<Look> {
  const { line, timeouts } = conversation;
  const said: number[] = [];
  for (const question of statusQuestions) {
    const known = (await hears(conversation, ({ states }) => states.length, 0)) ?? 0;
    const writing = line.write(statusRequest(question));
    if (!(await lost(conversation, waitFor(writing, timeouts.statusMs)))) return unknownStatus;
    const heard = await hears<number | 'confirmed'>(
      conversation,
      ({ jobs, states }) => (jobs.includes(jobId) ? 'confirmed' : states[known]),
      Math.min(timeouts.statusMs, leftMs()),
    );
    if (heard === 'confirmed') return heard;
    if (heard === undefined) return unknownStatus;
    said.push(heard);
  }
  const [printer, offline, error, paper] = said as [number, number, number, number];
  return readStatus([printer, offline, error, paper]);
}

/** Waits for something among all that was said since the job began. */
function hears<T>(
  conversation: Conversation,
  pick: (answers: PrinterAnswers) => T | undefined,
  timeoutMs: number,
): Promise<T | undefined> {
  const found = conversation.inbox.find((heard) => pick(readAnswers(heard)), timeoutMs);
  return lost(conversation, found);
}

/** @throws PrinterError where the line ends */
async function lost<T>({ address }: Conversation, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new PrinterError({
      address,
      stage: 'after first byte',
      problem: 'connectionLost',
      what: 'the connection ended before the printer confirmed the job',
      cause,
    });
  }
}
