/** How a command ends badly: 1 refused or failed with a reason, 2 wrong usage (README, commands). */

import { CommanderError } from 'commander';
import { LinkError, RefusedError } from '#driver/errors';
import type { Output } from './output.ts';

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

function describe(error: unknown): {
  reason: string;
  message: string;
  advice?: string | undefined;
} {
  if (error instanceof Failure)
    return { reason: error.reason, message: error.message, advice: error.advice };
  if (error instanceof RefusedError)
    return { reason: error.status ?? 'unknownStatus', message: error.message };
  if (error instanceof LinkError) return { reason: 'link', message: error.message };
  if (error instanceof UsageError) return { reason: 'usage', message: error.message };
  if (error instanceof Error) return { reason: reasonOf(error), message: error.message };
  return { reason: 'unknown', message: String(error) };
}

function reasonOf(error: Error): string {
  if (error.name === 'AbortError') return 'interrupted';
  const name = error.name.replace(/Error$/, '');
  return name === '' ? 'failed' : name.charAt(0).toLowerCase() + name.slice(1);
}

/** Tells what went wrong and gives the exit code. */
export function reportFailure(error: unknown, output: Output): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
  const { reason, message, advice } = describe(error);
  const text = advice === undefined ? message : `${message}\n${advice}`;
  if (output.isJson) output.say('error', { error: reason, message, advice }, '');
  else process.stderr.write(`tessera: ${text}\n`);
  return error instanceof UsageError ? USAGE_EXIT_CODE : FAILURE_EXIT_CODE;
}
