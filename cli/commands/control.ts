/** `tessera control`: one operation on an emulated board, from its table (docs/control.md). */

import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { controlClient } from '#emulator/control/client';
import type { Control } from '#emulator/control/control';
import type { AnyOperation } from '#emulator/control/operation';
import { type OperationName, operations } from '#emulator/control/operations';
import { ShapeError } from '#protocol/http/shape';
import { UsageError } from '../failure.ts';
import { interrupted } from '../interrupt.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';

interface Options {
  readonly url?: string;
  readonly file?: string;
}

export function addControl(program: Command, run: Run): void {
  const list = Object.entries(operations)
    .map(([name, { summary }]) => `  ${name.padEnd(16)}${summary}`)
    .join('\n');
  program
    .command('control')
    .summary('do something to a board that tessera emulate --control runs')
    .description('Performs one operation on an emulated board, and prints its answer.')
    .argument('<operation>', 'one of those below, or events')
    .argument('[request]', 'what it takes, as one JSON object')
    .option('--url <url>', 'where the board is controlled (default: $TESSERA_CONTROL)')
    .option(
      '--file <file>',
      'of the state that snapshot writes and restore reads, or of the trace that fetchTrace writes',
    )
    .addHelpText(
      'after',
      `
Operations:
${list}
  events          What happens to the board, until interrupted.

Examples:
  tessera control setSurroundings '{ "temperatureMilliC": 90000 }'
  tessera control snapshot --file meter.state
  tessera control startTrace '{ "withSecrets": true }'
  tessera control fetchTrace --file meter.trace.gz`,
    )
    .action((operation: string, request: string | undefined, options: Options) =>
      run((output) => control(operation, request, options, output)),
    );
}

async function control(
  name: string,
  text: string | undefined,
  options: Options,
  output: Output,
): Promise<number> {
  const url = options.url ?? process.env['TESSERA_CONTROL'] ?? '';
  if (!URL.canParse(url)) throw new UsageError('Say --url, or set TESSERA_CONTROL.');
  const client = controlClient(url, { token: process.env['TESSERA_CONTROL_TOKEN'] });
  if (name === 'events') return await tellEvents(client, output);
  if (!Object.hasOwn(operations, name))
    throw new UsageError(`There is no operation ${name}: tessera control --help lists them.`);
  const operation = operations[name as OperationName] as AnyOperation;
  const request = requestOf(name, operation, text, options.file);
  const call = client[name as OperationName] as (request: unknown) => Promise<unknown>;
  const answer = await call(request);
  const shown = kept(name, answer, options.file);
  const json = operation.response.encode(answer);
  const told = shown === answer ? json : shown;
  output.say(name, told as Record<string, unknown>, JSON.stringify(told, undefined, 2));
  return 0;
}

async function tellEvents(client: Control, output: Output): Promise<number> {
  using interrupt = interrupted();
  for await (const event of client.events({ signal: interrupt.signal }))
    output.say(event.kind, event, JSON.stringify(event));
  return 0;
}

/** @throws UsageError where it does not have the shape of the operation */
function requestOf(
  name: string,
  { request }: AnyOperation,
  text: string | undefined,
  file: string | undefined,
): unknown {
  const given = parsed(text ?? '{}');
  const state = file !== undefined && Object.hasOwn(request.fields, 'state');
  const json = state ? { ...given, state: readFileSync(file).toString('base64') } : given;
  try {
    return request.decode(json);
  } catch (cause) {
    if (cause instanceof ShapeError)
      throw new UsageError(`The request of ${name}: ${cause.message}.${takes(request)}`);
    throw cause;
  }
}

/** The fields of an operation, for whoever has left one out or made one up. */
function takes({ fields }: AnyOperation['request']): string {
  const names = Object.keys(fields);
  return names.length === 0 ? ' It takes nothing.' : ` It takes ${names.join(', ')}.`;
}

function parsed(text: string): object {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === 'object' && json !== null) return json;
  } catch {
    // the sentence below says what is wrong
  }
  throw new UsageError('A request is one JSON object, as \'{ "durationMs": 1000 }\'.');
}

/** What an operation answers that belongs into a file. */
const filed: Readonly<Record<string, string>> = { snapshot: 'state', fetchTrace: 'trace' };

/** @returns what is told in place of the bytes that went into the file */
function kept(name: string, answer: unknown, file: string | undefined): unknown {
  const field = filed[name];
  if (field === undefined || file === undefined) return answer;
  const { [field]: bytes, ...rest } = answer as Record<string, Uint8Array>;
  writeFileSync(file, bytes as Uint8Array, { mode: 0o600 }); // it may hold the secrets of the board
  return { file, bytes: bytes?.length, ...rest };
}
