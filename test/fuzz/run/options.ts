/** The command line of `npm run fuzz`. */

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

export const HELP = `Usage: npm run fuzz -- [--executions N | --seconds N] [--target TEXT] [--seed N] [--corpus DIR] [--workers N]
       npm run fuzz -- --target NAME --input HEX

Gives bytes to every decoder below its seal, guided by the branches that they take and by what they are compared with, and
judges what each input does (docs/fuzz.md).

Options:
  --executions N  inputs in all, shared among the targets by what one takes; 1,000,000 unless given
  --seconds N     as many inputs as there is time for, all targets in equal shares
  --target TEXT   only the targets whose name holds this text
  --seed N        decides everything that is left to chance; 1 unless given
  --corpus DIR    begins with the inputs of earlier runs that are there, and leaves those of this one
  --workers N     threads; one for each processor unless given
  --input HEX     runs one input: what a finding prints to be seen again
  --json          says only the line of JSON that it ends with
  --help          this text
`;

export interface Options {
  readonly executions: number | undefined;
  readonly seconds: number | undefined;
  readonly target: string;
  readonly seed: number;
  readonly corpus: string | undefined;
  readonly workers: number;
  readonly input: Uint8Array | undefined;
  readonly isQuiet: boolean;
  readonly wantsHelp: boolean;
}

const EXECUTIONS = 1_000_000;

/** @throws Error with the reason where the command line is not one of ours */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      executions: { type: 'string' },
      seconds: { type: 'string' },
      target: { type: 'string', default: '' },
      seed: { type: 'string', default: '1' },
      corpus: { type: 'string' },
      workers: { type: 'string' },
      input: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { executions, seconds, workers, input } = values;
  if (executions !== undefined && seconds !== undefined)
    throw new Error('Either --executions or --seconds, not both.');
  const isTimed = seconds !== undefined;
  return {
    executions: isTimed ? undefined : least(executions ?? String(EXECUTIONS), 1),
    seconds: isTimed ? least(seconds, 1) : undefined,
    target: values.target,
    seed: least(values.seed, 0),
    corpus: values.corpus,
    workers: workers === undefined ? availableParallelism() : least(workers, 1),
    input: input === undefined ? undefined : bytesOf(input),
    isQuiet: values.json,
    wantsHelp: values.help,
  };
}

function least(text: string, minimum: number): number {
  const number = Number(text);
  if (text !== '' && Number.isSafeInteger(number) && number >= minimum) return number;
  throw new Error(`${text} is no whole number from ${minimum} on.`);
}

function bytesOf(text: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) throw new Error('An input is bytes in hexadecimal.');
  return Uint8Array.from(Buffer.from(text, 'hex'));
}
