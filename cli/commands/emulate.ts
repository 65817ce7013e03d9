/** `tessera emulate`: a meter that exists only on this computer, on a serial line and on TCP (requirements.md H4). */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Command, Option } from 'commander';
import { memoryLink } from '#driver/link/memory';
import { openMeter } from '#driver/meter';
import { type CpuName, cpuNames, createCpu } from '#emulator/cpu/cpus';
import { type Emulator, startEmulator } from '#emulator/emulator';
import { formatMeterId } from '#protocol/documents/meter-id';
import { interrupted } from '../interrupt.ts';
import { portNumber } from '../options.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';

interface Options {
  readonly dir?: string;
  readonly pty?: string;
  readonly tcp?: number;
  readonly cpu: CpuName;
  readonly cryptoEngine: boolean;
  readonly command?: string;
}

export function addEmulate(program: Command, run: Run): void {
  program
    .command('emulate')
    .summary('run a meter on this computer')
    .description(
      `Runs the signed firmware image as a meter. It is ready when its address is printed.

Without --dir the meter is thrown away at the end. With -c it lives as long as the command, which finds
TESSERA_PORT (and TESSERA_TCP, TESSERA_SERIAL) in its environment; its exit code becomes this one's.`,
    )
    .option('--dir <directory>', 'where the meter lives; made where it does not exist')
    .option('--pty <path>', 'a serial line (pseudo-terminal) that appears at this path; Linux')
    .option('--tcp <port>', 'listen on this port of 127.0.0.1; 0 takes a free one', portNumber)
    .addOption(
      new Option('--cpu <name>', 'what runs the image: fast, or as small as on a board')
        .choices(cpuNames)
        .default('node-vm' satisfies CpuName),
    )
    .option(
      '--no-crypto-engine',
      'compute in the image, as on a board without a crypto engine; slower',
    )
    .option('-c, --command <command>', 'run a shell command while the meter lives')
    .addHelpText(
      'after',
      `
Examples:
  tessera emulate --dir meter --pty /tmp/meter
  tessera emulate --tcp 0 -c 'tessera meter status --port $TESSERA_PORT'`,
    )
    .action((options: Options) => run((output) => emulate(options, output)));
}

async function emulate(options: Options, output: Output): Promise<number> {
  using interrupt = interrupted();
  const wantsTcp = options.tcp ?? (options.pty === undefined ? 0 : undefined);
  await using emulator = await startEmulator({
    ...(options.dir !== undefined && { directory: options.dir }),
    ...(options.pty !== undefined && { ptyPath: options.pty }),
    ...(wantsTcp !== undefined && { tcpPort: wantsTcp }),
    cpu: createCpu(options.cpu),
    cryptoEngine: options.cryptoEngine,
    signal: interrupt.signal,
  });
  const { tcp, serial } = emulator.addresses;
  const meter = await meterName(emulator);
  const where = [serial, tcp].filter((address) => address !== undefined);
  output.say(
    'ready',
    {
      meter,
      directory: options.dir,
      tcp,
      serial,
      cpu: options.cpu,
      cryptoEngine: emulator.board.hasCryptoEngine,
    },
    `meter ${meter ?? '(not made yet)'} is on ${where.join(' and ')}`,
  );
  if (options.command === undefined) {
    await interrupt.promise;
    output.say('ended', {}, 'meter switched off');
    return 0;
  }
  return await runCommand(options.command, environment(emulator), interrupt.signal);
}

/** Asked of the meter itself; undefined while it is not made. */
async function meterName(emulator: Emulator): Promise<string | undefined> {
  await using meter = await openMeter(memoryLink(emulator.connect()));
  const { meterId } = await meter.status();
  return meterId.some((byte) => byte !== 0) ? formatMeterId(meterId) : undefined;
}

function environment({ addresses: { tcp, serial } }: Emulator): NodeJS.ProcessEnv {
  return {
    ...process.env,
    TESSERA_PORT: serial ?? tcp,
    ...(tcp !== undefined && { TESSERA_TCP: tcp }),
    ...(serial !== undefined && { TESSERA_SERIAL: serial }),
  };
}

async function runCommand(
  command: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<number> {
  const child = spawn(command, { shell: true, stdio: 'inherit', env });
  const forward = (): void => {
    child.kill('SIGTERM');
  };
  signal.addEventListener('abort', forward);
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
