/** Passwords and tokens of the command line: from a file, the environment, or typed without an echo. */

import { readFileSync } from 'node:fs';
import { stderr, stdin } from 'node:process';
import { Failure, UsageError } from './failure.ts';

const ENTER = 0x0d;
const LINE_FEED = 0x0a;
const INTERRUPT = 0x03;
const ERASE = [0x7f, 0x08];

/** A secret from a file; the line end that editors add does not belong to it. */
export function readSecretFile(path: string, what: string): Uint8Array {
  const content = readFile(path, what);
  let end = content.length;
  while (end > 0 && (content[end - 1] === LINE_FEED || content[end - 1] === ENTER)) end -= 1;
  if (end === 0) throw new Failure('secretEmpty', `${path} holds no ${what}.`, 'Write it there.');
  const secret = Uint8Array.from(content.subarray(0, end));
  content.fill(0);
  return secret;
}

function readFile(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('secretMissing', `The ${what} cannot be read: ${message}`, 'Name its file.');
  }
}

export interface SecretSource {
  readonly file?: string | undefined;
  /** Name of an environment variable. */
  readonly variable: string;
  /** What it is, for messages: `user password`. */
  readonly what: string;
}

/** The caller wipes it. */
export async function secretFrom({ file, variable, what }: SecretSource): Promise<Uint8Array> {
  if (file !== undefined) return readSecretFile(file, what);
  const value = process.env[variable];
  if (value !== undefined && value !== '') return new TextEncoder().encode(value);
  if (stdin.isTTY) return typed(what);
  throw new UsageError(`The ${what} is missing: give a file with it, or set ${variable}.`);
}

/** Reads a line from the terminal and shows nothing of it. */
function typed(what: string): Promise<Uint8Array> {
  stderr.write(`${what}: `);
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const bytes: number[] = [];
  function end(): void {
    stdin.off('data', take);
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
  function take(chunk: Buffer): void {
    for (const byte of chunk) {
      if (byte === INTERRUPT) {
        end();
        reject(new Failure('interrupted', 'Interrupted.', 'Nothing was done.'));
        return;
      }
      if (byte === ENTER || byte === LINE_FEED) {
        end();
        resolve(Uint8Array.from(bytes.splice(0)));
        return;
      }
      if (ERASE.includes(byte)) bytes.pop();
      else bytes.push(byte);
    }
  }
  stdin.setRawMode(true);
  stdin.on('data', take);
  stdin.resume();
  return promise;
}
