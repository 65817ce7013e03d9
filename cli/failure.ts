/** How a command ends badly: 1 refused or failed with a reason, 2 wrong usage (README, commands). */

import { CommanderError } from 'commander';
import { LinkError, RefusedError } from '#driver/errors';
import { KeyFileError } from '#driver/key-file';
import { LabelError } from '#driver/print/label-error';
import { PrinterError } from '#driver/print/printer-error';
import { ControlRefusedError } from '#emulator/control/refusals';
import { StateError } from '#emulator/rig/board-state';
import type { Advice } from '#protocol/status';
import type { Output } from './output.ts';
import { ServerRefusedError } from './server/http-client.ts';

/** A command cannot go on, for a reason that the person who called it can do something about. */
export class Failure extends Error {
  override readonly name = 'Failure';
  /** Short name for programs, camelCase. */
  readonly reason: string;
  readonly advice: string;

  constructor(reason: string, message: string, advice: string) {
    super(message);
    this.reason = reason;
    this.advice = advice;
  }
}

/** Wrong use of the command line: the call must be changed. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const USAGE_EXIT_CODE = 2;
const FAILURE_EXIT_CODE = 1;

/** An error, for a person and for a program. */
export interface Description {
  /** Short name for programs, camelCase. */
  readonly reason: string;
  /** What happened, and what to do where that is known. */
  readonly message: string;
  /** What else to do. */
  readonly advice?: string;
  /** What a program may do about a refusal. */
  readonly remedy?: Advice;
}

export function describe(error: unknown): Description {
  if (!(error instanceof Error)) return { reason: 'unknown', message: String(error) };
  const { message } = error;
  if (error instanceof Failure) return { reason: error.reason, message, advice: error.advice };
  if (error instanceof RefusedError)
    return { reason: error.status ?? 'unknownStatus', message, remedy: error.advice };
  if (error instanceof ServerRefusedError || error instanceof ControlRefusedError)
    return { reason: error.error, message, remedy: error.advice };
  if (error instanceof StateError) return { reason: error.reason, message };
  if (error instanceof LinkError) return { reason: 'link', message };
  if (error instanceof LabelError)
    return { reason: error.problem, message: `${error.message}.`, advice: error.advice };
  if (error instanceof PrinterError) return { reason: error.problem, message };
  if (error instanceof KeyFileError) return { reason: error.reason, message };
  if (error instanceof CommanderError) return { reason: 'usage', message: usageText(error) };
  if (error instanceof UsageError) return { reason: 'usage', message };
  return fileProblem(error) ?? { reason: reasonOf(error), message };
}

const FILE_PROBLEMS: Readonly<Record<string, readonly [what: string, advice: string]>> = {
  ENOENT: ['is not there', 'Look at its name, and at the folder that you are in.'],
  EISDIR: ['is a folder, and no file', 'Name a file.'],
  ENOTDIR: ['goes through a file as if it were a folder', 'Look at its name.'],
  EACCES: ['is closed to this user', 'Look at its mode and its owner.'],
};

/** What the operating system says of a file, in a sentence; undefined for anything else. */
function fileProblem(error: NodeJS.ErrnoException): Description | undefined {
  const { code = '', path } = error;
  const known = Object.hasOwn(FILE_PROBLEMS, code) ? FILE_PROBLEMS[code] : undefined;
  if (known === undefined) return undefined;
  const [what, advice] = known;
  return { reason: reasonOf(error), message: `${path ?? 'What was named'} ${what}.`, advice };
}

function usageText({ code, message }: CommanderError): string {
  if (code === 'commander.help') return 'A command is missing: --help lists them.';
  return message.replace(/^error: /, '');
}

function reasonOf(error: Error): string {
  if (error.name === 'AbortError') return 'interrupted';
  const name = error.name.replace(/Error$/, '');
  return name === '' ? 'failed' : name.charAt(0).toLowerCase() + name.slice(1);
}

/** Tells what went wrong and gives the exit code. */
export function reportFailure(error: unknown, output: Output): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0; // help was asked for
  const { reason, message, advice, remedy } = describe(error);
  if (output.isJson) output.say('error', { error: reason, message, advice, remedy }, '');
  else if (!(error instanceof CommanderError))
    process.stderr.write(`tessera: ${advice === undefined ? message : `${message}\n${advice}`}\n`);
  const isUsage = error instanceof UsageError || error instanceof CommanderError;
  return isUsage ? USAGE_EXIT_CODE : FAILURE_EXIT_CODE;
}
