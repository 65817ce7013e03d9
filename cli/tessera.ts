/** The command line as a function: one file per subcommand hangs itself in here. */

import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addAuthority } from './commands/authority.ts';
import { addBatch } from './commands/batch.ts';
import { addConformance } from './commands/conformance.ts';
import { addControl } from './commands/control.ts';
import { addDevices } from './commands/devices.ts';
import { addEmulate } from './commands/emulate.ts';
import { addMeter } from './commands/meter.ts';
import { addPrice } from './commands/price.ts';
import { addPrint } from './commands/print.ts';
import { addPrinter } from './commands/printer.ts';
import { addProvider } from './commands/provider.ts';
import { addSpoilage } from './commands/spoilage.ts';
import { addTrace } from './commands/trace.ts';
import { addVerify } from './commands/verify.ts';
import { reportFailure } from './failure.ts';
import { createOutput, type Output } from './output.ts';
import type { Run } from './run.ts';

/** In the repository beside `cli/`, in the package two folders up from `dist/cli/`. */
function programVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    const { name, version } = readPackage(path);
    if (name === 'tessera' && version !== undefined) return version;
  }
  return 'unknown';
}

function readPackage(path: string): { name?: string; version?: string } {
  try {
    return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { name?: string };
  } catch {
    return {}; // the other place has it
  }
}

export interface TesseraOptions {
  /** Takes what the command says instead of the standard output. */
  readonly output?: Output;
}

/**
 * Runs one command line.
 * @param argv without the program: `['meter', 'status']`
 * @returns the exit code: 0 success, 1 refused or failed, 2 wrong usage
 */
export async function tessera(
  argv: readonly string[],
  { output }: TesseraOptions = {},
): Promise<number> {
  let exitCode = 0;
  const outputOf = (): Output => output ?? createOutput(argv.includes('--json'));
  const program = createProgram().configureOutput({
    writeOut: (text) => outputOf().say('text', { text }, text.trimEnd()),
    writeErr(text) {
      if (!outputOf().isJson) process.stderr.write(text);
    },
  });
  const run: Run = async (action) => {
    try {
      exitCode = await action(outputOf());
    } catch (error) {
      exitCode = reportFailure(error, outputOf());
    }
  };
  for (const add of subcommands) add(program, run);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return reportFailure(error, outputOf());
  }
}

const subcommands = [
  addDevices,
  addEmulate,
  addConformance,
  addControl,
  addPrinter,
  addTrace,
  addAuthority,
  addProvider,
  addMeter,
  addPrice,
  addPrint,
  addBatch,
  addSpoilage,
  addVerify,
] as const;

function createProgram(): Command {
  return new Command('tessera')
    .description('A secure postage-and-certificate meter: run, make, refill, print, verify.')
    .version(programVersion())
    .option('--json', 'one JSON object per line instead of sentences')
    .option(
      '--home <directory>',
      'keys and settings of one meter (default: $TESSERA_HOME or ~/.tessera)',
    )
    .configureHelp({ sortSubcommands: false })
    .showHelpAfterError('(tessera --help, and --help behind any command)')
    .exitOverride();
}
