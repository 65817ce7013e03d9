/** `tessera emulate`: a meter that exists only on this computer, on a serial line, TCP and USB (requirements.md H4). */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { memoryLink } from '#driver/link/memory';
import { openMeter } from '#driver/meter';
import { type CpuName, cpuNames, createCpu } from '#emulator/cpu/cpus';
import { type ControlOptions, type Emulator, startEmulator } from '#emulator/emulator';
import { type BoardProfile, loadProfile } from '#emulator/profile';
import { decodeState } from '#emulator/rig/state-file';
import { attachUsbip } from '#emulator/usb/attach';
import type { UsbipOptions } from '#emulator/usb/usbip-server';
import { formatMeterId } from '#protocol/documents/meter-id';
import { UsageError } from '../failure.ts';
import { interrupted } from '../interrupt.ts';
import { tellMarks } from '../marks-text.ts';
import { listeningPlace, portNumber, seedNumber } from '../options.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';
import { announce } from '../running-emulators.ts';
import { openRecording, type RecordingOptions } from '../trace-recording.ts';

interface Options extends RecordingOptions {
  readonly dir?: string;
  readonly pty?: string;
  readonly tcp?: number;
  readonly usbip?: UsbipOptions;
  readonly attach?: boolean;
  readonly allowRemote?: boolean;
  /** Undefined unless it was said. */
  readonly cpu?: CpuName;
  /** True unless it was said. */
  readonly cryptoEngine: boolean;
  readonly profile?: BoardProfile;
  readonly throttle?: boolean;
  readonly command?: string;
  readonly control?: number;
  readonly seed?: number;
  readonly state?: string;
}

const CPU_DEFAULT: CpuName = 'node-vm';
const BAUD_DEFAULT = 115_200;

function profile(nameOrFile: string): BoardProfile {
  try {
    return loadProfile(nameOrFile);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

export function addEmulate(program: Command, run: Run): void {
  program
    .command('emulate')
    .summary('run a meter on this computer')
    .description(
      `Runs the signed firmware image as a meter. It is ready when its address is printed.

Without --dir the meter is thrown away at the end. With -c it lives as long as the command, which finds
TESSERA_PORT (and TESSERA_TCP, TESSERA_SERIAL, TESSERA_USBIP, TESSERA_CONTROL) in its environment; its exit code becomes
this one's.`,
    )
    .option('--dir <directory>', 'where the meter lives; made where it does not exist')
    .option('--pty <path>', 'a serial line (pseudo-terminal) that appears at this path; Linux')
    .option('--tcp <port>', 'listen on this port of 127.0.0.1; 0 takes a free one', portNumber)
    .option(
      '--usbip <[host:]port>',
      'a USB device for Linux computers, by USB/IP; 0 takes a free port, 3240 is the usual one',
      listeningPlace,
    )
    .option('--attach', 'attach that USB device to this computer, again after each restart; root')
    .option('--allow-remote', 'let --usbip listen where other computers can reach it')
    .addOption(
      new Option(
        '--cpu <name>',
        `what runs the image: ${CPU_DEFAULT} is fast, quickjs as small as on a board`,
      ).choices(cpuNames),
    )
    .option(
      '--no-crypto-engine',
      'compute in the image, as on a board without a crypto engine; slower',
    )
    .option(
      '--trace <file>',
      'record all that the image does, for `tessera trace`; compressed where the name ends with .gz',
    )
    .option('--with-secrets', 'record secrets too, without which a trace cannot be replayed')
    .option('--pcapng <file>', 'write its messages as packets for Wireshark, to a file or a pipe')
    .option(
      '--profile <name|file>',
      'hold the image to a board: memory, stack, time, flash, line; tell at the end what it took',
      profile,
    )
    .option('--throttle', 'serial line and TCP at the speed of the profile, else of 115,200 baud')
    .option(
      '--control <port>',
      'let programs of this computer control the board over HTTP: time, faults, snapshots; 0 takes a free port',
      portNumber,
    )
    .option('--seed <number>', 'with --control: decides all noise, so that runs repeat', seedNumber)
    .option('--state <file>', 'with --control: begin as the board of a snapshot')
    .option('-c, --command <command>', 'run a shell command while the meter lives')
    .addHelpText(
      'after',
      `
Examples:
  tessera emulate --dir meter --pty /tmp/meter
  tessera emulate --usbip 3240 --attach
  tessera emulate --tcp 0 -c 'tessera meter status --port $TESSERA_PORT'
  tessera emulate --control 0 --seed 7 -c 'tessera control advanceClock "{\\"durationMs\\": 86400000}"'

TESSERA_CONTROL_TOKEN in the environment is the token that whoever controls the board must send.`,
    )
    .action((options: Options) => run((output) => emulate(options, output)));
}

async function emulate(options: Options, output: Output): Promise<number> {
  if (options.withSecrets === true && options.trace === undefined)
    throw new UsageError('--with-secrets needs --trace: there is nothing to record them in.');
  using interrupt = interrupted();
  const usbip = usbipOf(options);
  const isReachable = options.pty !== undefined || usbip !== undefined;
  const wantsTcp = options.tcp ?? (isReachable ? undefined : 0);
  using recording = openRecording(options, output);
  const trace = recording.sink;
  const control = await controlOf(options);
  await using emulator = await startEmulator({
    ...(options.dir !== undefined && { directory: options.dir }),
    ...(options.pty !== undefined && { ptyPath: options.pty }),
    ...(wantsTcp !== undefined && { tcpPort: wantsTcp }),
    ...(usbip !== undefined && { usbip }),
    ...(trace !== undefined && { trace }),
    ...(options.cpu !== undefined && { cpu: createCpu(options.cpu) }),
    ...(!options.cryptoEngine && { cryptoEngine: false }),
    profile: options.profile,
    baud: options.throttle === true ? baudOf(options) : undefined,
    ...(control !== undefined && { control }),
    signal: interrupt.signal,
  });
  const { tcp, serial, usbip: exported } = emulator.addresses;
  const meter = await meterName(emulator);
  if (options.attach === true) await keepAttached(emulator, output);
  using _announced = announce([serial, tcp].filter((address) => address !== undefined));
  const where = [serial, tcp, exported].filter((address) => address !== undefined);
  output.say(
    'ready',
    {
      meter,
      directory: options.dir,
      tcp,
      serial,
      usbip: exported,
      control: emulator.addresses.control,
      seed: emulator.rig?.entropy.state.seed,
      serialNumber: emulator.serialNumber,
      cpu: cpuOf(options),
      profile: options.profile?.name,
      baud: options.throttle === true ? baudOf(options) : undefined,
      cryptoEngine: emulator.board.hasCryptoEngine,
    },
    `meter ${meter ?? '(not made yet)'} is on ${where.join(' and ')}${controlText(emulator)}`,
  );
  const exitCode =
    options.command === undefined
      ? await interrupt.promise.then(() => 0)
      : await runCommand(options.command, environment(emulator), interrupt.signal);
  if (options.profile !== undefined) tellMarks(emulator, options.profile, output);
  if (options.command === undefined) output.say('ended', {}, 'meter switched off');
  return exitCode;
}

const cpuOf = ({ cpu, profile }: Options): CpuName => cpu ?? profile?.cpu ?? CPU_DEFAULT;
const baudOf = ({ profile }: Options): number => profile?.serialBaud ?? BAUD_DEFAULT;

/** @throws UsageError where an option needs --control; StateError where the file is no state */
async function controlOf(options: Options): Promise<ControlOptions | undefined> {
  const { control: port, seed, state, dir } = options;
  if (port === undefined) {
    if (seed === undefined && state === undefined) return undefined;
    throw new UsageError('--seed and --state need --control.');
  }
  if (state !== undefined && (dir !== undefined || seed !== undefined))
    throw new UsageError('--state brings its own flash and seed: leave --dir and --seed out.');
  return {
    port,
    seed,
    token: process.env['TESSERA_CONTROL_TOKEN'] || undefined,
    state: state === undefined ? undefined : await decodeState(readFileSync(state)),
  };
}

function controlText({ addresses, rig }: Emulator): string {
  if (rig === undefined) return '';
  return `\ncontrolled at ${addresses.control}, seed ${rig.entropy.state.seed}`;
}

/** --attach alone exports the meter on a free port. */
function usbipOf({ usbip, attach, allowRemote }: Options): UsbipOptions | undefined {
  const place = usbip ?? (attach === true ? { port: 0 } : undefined);
  return place && { ...place, ...(allowRemote !== undefined && { allowRemote }) };
}

/**
 * Attaches the meter, and again after each restart.
 * @throws Error where it cannot be attached the first time; later ones are told
 */
async function keepAttached(emulator: Emulator, output: Output): Promise<void> {
  const { usb } = emulator;
  if (usb === undefined) throw new Error('The meter has no USB port.');
  const attach = (): Promise<number> => attachUsbip(usb);
  await attach();
  emulator.board.onRun((isRunning) => {
    if (!isRunning) return;
    attach().catch((error: Error) =>
      output.say('problem', { message: error.message }, error.message),
    );
  });
}

/** Asked of the meter itself; undefined while it is not made, or does not run. */
async function meterName(emulator: Emulator): Promise<string | undefined> {
  if (!emulator.board.isRunning) return undefined;
  await using meter = await openMeter(memoryLink(emulator.connect()));
  const { meterId } = await meter.status();
  return meterId.some((byte) => byte !== 0) ? formatMeterId(meterId) : undefined;
}

/** Where USB is its only port, the meter is named by its serial number, for who has attached it. */
function environment({ addresses, serialNumber }: Emulator): NodeJS.ProcessEnv {
  const { tcp, serial, usbip, control } = addresses;
  return {
    ...process.env,
    ...(control !== undefined && { TESSERA_CONTROL: control }),
    TESSERA_PORT: serial ?? tcp ?? `hid:${serialNumber}`,
    ...(usbip !== undefined && { TESSERA_USBIP: usbip }),
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
