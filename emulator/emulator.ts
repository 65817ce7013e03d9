/** A meter to work with: a board on its directory with ports to the outside, ready when it is handed out (requirements.md H4). */

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entropy } from '#hw/hardware';
import { equalBytes } from '#protocol/bytes';
import { createAssembler, encodeMessage, RESET_SIZE } from '#protocol/message';
import { type Board, createBoard } from './board.ts';
import { type BoardDirectory, openBoardDirectory } from './board-directory.ts';
import { checkComesUp, checkFlash, optionsOf } from './board-of-profile.ts';
import { boardPorts } from './board-ports.ts';
import type { ClockSource } from './clock.ts';
import { Forks } from './control/forks.ts';
import type { Cpu } from './cpu/cpu.ts';
import { createNodeVmCpu } from './cpu/node-vm.ts';
import { systemEntropy } from './entropy.ts';
import type { FlashGeometry } from './flash.ts';
import { type ImageFile, loadImage } from './image-file.ts';
import { type BoardMarks, createMarking, type Marking } from './marks.ts';
import { connectMemory, type MemoryPort } from './ports/memory.ts';
import { paced } from './ports/pace.ts';
import { openPty } from './ports/pty.ts';
import { listenTcp } from './ports/tcp.ts';
import type { BoardProfile } from './profile.ts';
import { type BoardState, blankState } from './rig/board-state.ts';
import { createRig, type Rig, type RigHome } from './rig/rig.ts';
import type { TraceSink } from './trace/event.ts';
import type { AttachOptions } from './usb/attach.ts';
import { type MeterLines, plugMeter } from './usb/meter-device.ts';
import { listenUsbip, type UsbipOptions } from './usb/usbip-server.ts';

/** Power-up with all self-tests takes well under this, on a slow computer too. */
const READY_MS = 30_000;

export interface EmulatorOptions extends Partial<ImageFile> {
  /** Where the meter lives; made where it does not exist. By default one that is thrown away at the end. */
  readonly directory?: string;
  /** Of the flash of a meter that is made. */
  readonly geometry?: FlashGeometry;
  /** Listens on TCP where given; 0 takes a free port. */
  readonly tcpPort?: number;
  /** 127.0.0.1 by default. */
  readonly tcpHost?: string;
  /** Lets TCP listen where other computers can reach it. */
  readonly allowRemote?: boolean;
  /** Where the serial line appears; none without. */
  readonly ptyPath?: string;
  /** Exports the meter as a USB device where given. */
  readonly usbip?: UsbipOptions;
  readonly clock?: ClockSource;
  readonly entropy?: Entropy;
  /**
   * What runs the image: the fast processor by default. One that takes bytecode gets that form of the image, where none is
   * given.
   */
  readonly cpu?: Cpu;
  /** Whether the meter has a crypto engine, which computes many times as fast as its image; true by default. */
  readonly cryptoEngine?: boolean;
  /** Told everything that passes between board and image, from power-up on (docs/trace.md). */
  readonly trace?: TraceSink;
  /** The board that the image is held to; each of the options above goes before it. */
  readonly profile?: BoardProfile | undefined;
  /** Bits a second on the serial line and on TCP; as fast as it goes by default. */
  readonly baud?: number | undefined;
  /** Lets it be controlled over HTTP from this computer (docs/control.md); its noise repeats by its seed then. */
  readonly control?: ControlOptions;
  readonly signal?: AbortSignal | undefined;
}

export interface ControlOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly token?: string | undefined;
  /** Decides all noise; one that is drawn where left out. */
  readonly seed?: number | undefined;
  /** What the meter begins as, in place of a directory. */
  readonly state?: BoardState | undefined;
  /** Leaves the memory in that state out. */
  readonly boots?: boolean | undefined;
}

interface Addresses {
  readonly tcp?: string;
  readonly serial?: string;
  /** `http://127.0.0.1:PORT`, where the board is controlled. */
  readonly control?: string;
  /** Not a driver's: a Linux computer attaches the meter from there, and then it is a USB device like any other. */
  readonly usbip?: string;
}

export interface Emulator extends AsyncDisposable {
  readonly board: Board;
  /** Where it is controlled. */
  readonly rig?: Rig;
  readonly directory: string;
  /** What a driver takes as a port; each where it was asked for. */
  readonly addresses: Addresses;
  /** What a host reads of it on USB. */
  readonly serialNumber: string;
  /** Its place at the USB/IP server, where it has one. */
  readonly usb?: Omit<AttachOptions, 'controller'>;
  /** How much of the board was used at most, so far. */
  marks(): BoardMarks;
  /** A line to the meter from within this process; one each call, all on the same port of the board. */
  connect(): MemoryPort;
}

/**
 * Switches a meter on and waits until it answers.
 * @throws Error where the directory is in use or damaged, a port cannot be had, or the meter does not come up: the
 * message says which; the reason of the signal where it is aborted
 */
export async function startEmulator(given: EmulatorOptions = {}): Promise<Emulator> {
  given.signal?.throwIfAborted();
  const options = { ...optionsOf(given.profile), ...given };
  const { image, imageKey } = imageOf(options);
  await using resources = new AsyncDisposableStack();
  const directory = resources.use(openDirectory(options, resources));
  checkFlash(directory, options);
  const marking = createMarking(options.cpu ?? createNodeVmCpu());
  const home: Home = {
    image,
    imageKey,
    cpu: marking.cpu,
    watchdogMs: options.profile?.watchdogMs,
    trace: options.trace,
    counted: marking.counted,
  };
  const rig = options.control && resources.use(rigOf(options, home, directory));
  const board = rig?.board ?? resources.use(boardOf(options, home, directory));
  const lines = rig?.lines ?? board;
  if (!board.isPowered && options.control?.state === undefined) board.powerOn();
  if (board.isPowered) await answering(board, options.signal);
  checkComesUp(board, options);
  if (rig === undefined) board.startTicking();
  const { usb, ...addresses } = await openPorts(lines, directory.serialNumber, options, resources);
  if (rig !== undefined) addresses.control = await openControl(rig, options, resources);

  const owned = resources.move();
  return {
    board,
    directory: directory.path,
    serialNumber: directory.serialNumber,
    addresses,
    ...(usb !== undefined && { usb }),
    ...(rig !== undefined && { rig }),
    marks: () => marking.marks(board.flash),
    connect: () => connectMemory(lines, boardPorts.memory),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type Home = RigHome & { readonly cpu: Cpu; readonly counted: Marking['counted'] };

function boardOf(
  { clock, cryptoEngine, entropy = systemEntropy }: EmulatorOptions,
  { image, imageKey, cpu, watchdogMs, trace, counted }: Home,
  directory: BoardDirectory,
): Board {
  return createBoard({
    ...directory,
    image,
    imageKey,
    cpu,
    entropy: counted(entropy),
    ...(clock !== undefined && { clock }),
    ...(cryptoEngine !== undefined && { cryptoEngine }),
    ...(watchdogMs !== undefined && { watchdogMs }),
    ...(trace !== undefined && { trace }),
  });
}

/** A board that can be controlled: of a state, or of its directory with a clock that runs. */
function rigOf(options: EmulatorOptions, home: RigHome, directory: BoardDirectory): Rig {
  const { cryptoEngine, control } = options;
  if (control?.state !== undefined) return createRig(control.state, home, { boots: control.boots });
  const { deviceSecret, securityFuse, imageSlots, flash, tamper, clock } = directory;
  const { size, sectorSize, programUnit } = flash;
  const blank = blankState({
    seed: control?.seed,
    deviceSecret,
    cryptoEngine,
    geometry: { size, sectorSize, programUnit },
    clock: { timeMs: clock.nowMs(), isRunning: true },
  });
  const fuses = { ...blank.fuses, securityVersion: securityFuse.value };
  const state = { ...blank, fuses, isTampered: tamper.isTriggered };
  const kept = {
    flash,
    imageSlots,
    tamper,
    keepTime: (timeMs: number) => clock.set(timeMs),
    keepSecurityVersion: (version: number) => securityFuse.blow(version),
  };
  return createRig(state, home, { kept });
}

async function openControl(
  rig: Rig,
  { control }: EmulatorOptions,
  resources: AsyncDisposableStack,
): Promise<string> {
  const forks = resources.use(new Forks({ port: control?.port, token: control?.token }));
  return resources.use(await forks.serve(rig)).url;
}

/** An image of one's own has a key of one's own: one without the other is a mistake. */
function imageOf({ image, imageKey, cpu }: EmulatorOptions): ImageFile {
  if (image === undefined && imageKey === undefined)
    return loadImage(cpu?.bytecodeEngine === undefined ? 'source' : 'bytecode');
  if (image !== undefined && imageKey !== undefined) return { image, imageKey };
  throw new TypeError('An image and the key it was signed with are given together.');
}

function openDirectory(
  { directory, geometry }: EmulatorOptions,
  resources: AsyncDisposableStack,
): BoardDirectory {
  if (directory !== undefined) return openBoardDirectory(directory, geometry);
  const thrownAway = mkdtempSync(join(tmpdir(), 'tessera-'));
  resources.defer(() => rmSync(thrownAway, { recursive: true, force: true }));
  return openBoardDirectory(thrownAway, geometry);
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

async function openPorts(
  board: MeterLines,
  serialNumber: string,
  { tcpPort, tcpHost, allowRemote, ptyPath, usbip, baud }: EmulatorOptions,
  resources: AsyncDisposableStack,
): Promise<Addresses & Pick<Emulator, 'usb'>> {
  const addresses: Mutable<Addresses & Pick<Emulator, 'usb'>> = {};
  const lines = baud === undefined ? board : resources.use(paced(board, baud));
  if (tcpPort !== undefined) {
    const listener = await listenTcp(lines, {
      boardPort: boardPorts.tcp,
      port: tcpPort,
      ...(tcpHost !== undefined && { host: tcpHost }),
      ...(allowRemote !== undefined && { allowRemote }),
    });
    addresses.tcp = resources.use(listener).address;
  }
  if (ptyPath !== undefined) {
    const line = openPty(lines, { path: ptyPath, boardPort: boardPorts.serial });
    addresses.serial = resources.use(line).address;
  }
  if (usbip !== undefined) {
    const server = resources.use(await listenUsbip(usbip));
    const jack = server.addJack();
    resources.defer(plugMeter(board, jack, { serialNumber, ports: boardPorts }));
    addresses.usbip = server.address;
    addresses.usb = { host: server.host, port: server.port, busId: jack.busId };
  }
  return addresses;
}

/** Returns when the meter has answered a reset of the link, on a port that nobody else uses. */
async function answering(board: Board, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const challenge = Uint8Array.from(randomBytes(RESET_SIZE));
  const line = connectMemory(board, boardPorts.readiness);
  const assembler = createAssembler(({ direction, kind, payload }) => {
    if (direction === 'response' && kind === 'reset' && equalBytes(payload, challenge)) resolve();
  });
  const silent = (): void =>
    reject(board.fault ? faultOf(board) : new Error('The meter is silent.'));
  const aborted = (): void => reject(signal?.reason);
  const timer = setTimeout(silent, READY_MS);
  signal?.addEventListener('abort', aborted, { once: true });
  try {
    line.onData(assembler.push);
    const request = {
      direction: 'request',
      kind: 'reset',
      sequence: 0,
      payload: challenge,
    } as const;
    for (const frame of encodeMessage(request)) line.send(frame);
    if (board.fault !== undefined) throw faultOf(board);
    await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', aborted);
    line.close();
  }
}

function faultOf({ fault }: Board): Error {
  return new Error(`The meter does not start. ${fault?.message}`, { cause: fault?.cause });
}
