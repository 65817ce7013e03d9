/** The command line as a function: one file per subcommand hangs itself in here. */

import { readFileSync } from 'node:fs';
import { Command } from 'commander';
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
  for (const add of await subcommandsFor(argv)) add(program, run);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return reportFailure(error, outputOf());
  }
}

type Add = (program: Command, run: Run) => void;

/** Each in the order of the help, loaded when it is asked for: servers and printing take long to load. */
const subcommands: Readonly<Record<string, () => Promise<Add>>> = {
  setup: async () => (await import('./commands/setup.ts')).addSetup,
  devices: async () => (await import('./commands/devices.ts')).addDevices,
  emulate: async () => (await import('./commands/emulate.ts')).addEmulate,
  conformance: async () => (await import('./commands/conformance.ts')).addConformance,
  control: async () => (await import('./commands/control.ts')).addControl,
  printer: async () => (await import('./commands/printer.ts')).addPrinter,
  trace: async () => (await import('./commands/trace.ts')).addTrace,
  authority: async () => (await import('./commands/authority.ts')).addAuthority,
  provider: async () => (await import('./commands/provider.ts')).addProvider,
  meter: async () => (await import('./commands/meter.ts')).addMeter,
  price: async () => (await import('./commands/price.ts')).addPrice,
  print: async () => (await import('./commands/print.ts')).addPrint,
  printed: async () => (await import('./commands/printed.ts')).addPrinted,
  list: async () => (await import('./commands/list.ts')).addList,
  batch: async () => (await import('./commands/batch.ts')).addBatch,
  account: async () => (await import('./commands/account.ts')).addAccounts,
  user: async () => (await import('./commands/user.ts')).addUsers,
  preset: async () => (await import('./commands/preset.ts')).addPreset,
  report: async () => (await import('./commands/report.ts')).addReport,
  spoilage: async () => (await import('./commands/spoilage.ts')).addSpoilage,
  verify: async () => (await import('./commands/verify.ts')).addVerify,
  completion: async () => (await import('./commands/completion.ts')).addCompletion,
  man: async () => (await import('./commands/completion.ts')).addMan,
};

/** What tells of all the others. */
const ofAll: readonly (string | undefined)[] = ['completion', 'man'];

/** The one that is called; all of them for the help, and where none is known by that name. */
function subcommandsFor(argv: readonly string[]): Promise<readonly Add[]> {
  const called = argv.find((word, at) => !word.startsWith('-') && argv[at - 1] !== '--home');
  const name = called !== undefined && Object.hasOwn(subcommands, called) ? called : undefined;
  const loads =
    name === undefined || ofAll.includes(name) ? Object.values(subcommands) : [subcommands[name]];
  return Promise.all(loads.map((load) => load?.()).filter((loading) => loading !== undefined));
}

/** Line ends of the source are none of the help, which is as wide as its terminal; blank lines and lists stay. */
const flowing = (command: Command): string =>
  command.description().replaceAll(/(?<!\n)\n(?!\n|\w+ {2})/g, ' ');

function createProgram(): Command {
  return new Command('tessera')
    .description('A secure postage-and-certificate meter: run, make, refill, print, verify.')
    .version(programVersion())
    .option('--json', 'one JSON object per line instead of sentences')
    .option(
      '--home <directory>',
      'keys and settings of one meter (default: $TESSERA_HOME or ~/.tessera)',
    )
    .configureHelp({ sortSubcommands: false, commandDescription: flowing })
    .showHelpAfterError('(tessera --help, and --help behind any command)')
    .exitOverride();
}
