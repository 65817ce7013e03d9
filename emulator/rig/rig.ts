/** A board with all that its surroundings can do to it: power, time, noise, heat, faults, states kept and brought back (requirements.md H4). */

import { createHash } from 'node:crypto';
import type { Entropy } from '#hw/hardware';
import { equalBytes } from '#protocol/bytes';
import { IMAGE_HEADER_SIZE } from '#protocol/documents/image-header';
import type { StateName } from '#protocol/state';
import { type Board, createBoard } from '../board.ts';
import type { BoardFault } from '../board-fault.ts';
import type { Cpu } from '../cpu/cpu.ts';
import { createNodeVmCpu } from '../cpu/node-vm.ts';
import { createEnvironment, type Environment } from '../environment.ts';
import { createMemoryFlash, type FlashDevice } from '../flash.ts';
import type { ImageFile } from '../image-file.ts';
import { createImageSlots, type ImageSlots } from '../image-slots.ts';
import type { SecurityFuse } from '../security-fuse.ts';
import { createTamperContact, type TamperContact } from '../tamper.ts';
import type { TraceSink } from '../trace/event.ts';
import { type BoardState, StateError } from './board-state.ts';
import { createRigClock, type RigClock } from './rig-clock.ts';
import { createRigEntropy, type RigEntropy } from './rig-entropy.ts';
import { createRigTracing, type RigTracing } from './rig-tracing.ts';
import { createRoughLines, type RoughLines } from './rough-lines.ts';
import { captureSlots, holdsImage, restoreSlots } from './slots-state.ts';

/** hw/hardware.ts, Firmware.tick: at least once a second. */
const TICK_MS = 500;

/** What happened to a board, in the order in which it happened. */
export type RigEvent =
  | { readonly kind: 'indicator'; readonly state: StateName }
  | { readonly kind: 'run'; readonly isRunning: boolean }
  | { readonly kind: 'fault'; readonly fault: BoardFault }
  | { readonly kind: 'tamper'; readonly isTriggered: boolean }
  | {
      readonly kind: 'bytes';
      readonly direction: 'toMeter' | 'fromMeter';
      readonly port: number;
      readonly bytes: Uint8Array;
    };

/** What is not in a state: the image and what runs it. */
export interface RigHome extends ImageFile {
  /** The fast processor unless given. */
  readonly cpu?: Cpu | undefined;
  /** As of a board (board-options.ts). */
  readonly watchdogMs?: number | undefined;
  /** As of a board; forks are not traced. */
  readonly trace?: TraceSink | undefined;
  /** Counts the noise that the board draws (marks.ts); not that of forks. */
  readonly counted?: ((noise: Entropy) => Entropy) | undefined;
}

/** Parts of a board that are kept elsewhere (board-directory.ts); they stay the caller's to close. */
export interface KeptParts {
  /** What it holds is taken as it is, and not from the state. */
  readonly flash: FlashDevice;
  readonly tamper: TamperContact;
  readonly imageSlots: ImageSlots;
  readonly keepTime: (timeMs: number) => void;
  readonly keepSecurityVersion: (version: number) => void;
}

export interface Rig extends AsyncDisposable {
  readonly board: Board;
  readonly clock: RigClock;
  readonly entropy: RigEntropy;
  readonly environment: Environment;
  /** The ports of the board, with the faults of what is plugged into them. */
  readonly lines: RoughLines;
  /** What was recorded of it since {@link Rig.startTrace}. */
  readonly tracing: Pick<RigTracing, 'state' | 'text' | 'end'>;
  readonly cpuName: string;
  /** Whether a state has the memory of the running image in it. */
  readonly keepsMemory: boolean;
  /** Nothing happens where there is too little voltage. */
  powerOn(): void;
  powerOff(): void;
  /**
   * Records from power-up on: a board that is on goes off and on again. What was recorded before is dropped.
   * @param withSecrets without, it can be looked at and not be replayed
   */
  startTrace(withSecrets: boolean): void;
  /** Lets time pass, and gives the firmware its turn. */
  advance(durationMs: number): void;
  /** Everything as it is now; the board notices nothing. */
  capture(): BoardState;
  /**
   * Becomes the board of a state. Where memory is not in the state, or `boots` says so, power comes on as after a power cut at
   * that moment.
   * @throws StateError where it is of a board with other fuses, flash, slots or crypto engine, or its memory does not fit
   */
  restore(state: BoardState, options?: RestoreOptions): void;
  /** So many boards of their own, each exactly as this one is now. They share nothing that is ever written. */
  fork(count: number): Rig[];
  /** The function it gives ends that. */
  onEvent(listener: (event: RigEvent) => void): () => void;
}

export interface RestoreOptions {
  /** Leaves the memory of the state out. */
  readonly boots?: boolean | undefined;
}

/**
 * A board in a state.
 * @throws StateError where the memory of the state does not fit to the image or the processor
 */
export function createRig(
  state: BoardState,
  home: RigHome,
  { boots, kept }: RestoreOptions & { readonly kept?: KeptParts } = {},
): Rig {
  const rig = new RiggedBoard(state, home, kept);
  rig.restore(state, { boots });
  return rig;
}

function slotsOf({ imageSlots, flash }: BoardState): ImageSlots | undefined {
  if (imageSlots === undefined) return undefined;
  const { geometry } = imageSlots;
  return createImageSlots(
    () => createMemoryFlash({ ...flash.options, geometry }),
    () => false,
    geometry,
  );
}

/** The fuse of a board that may become the one of a state. */
function createRigFuse(keep: (version: number) => void): SecurityFuse & { value: number } {
  return {
    value: 0,
    blow(version) {
      if (version <= this.value) return;
      this.value = version;
      keep(version);
    },
  };
}

class RiggedBoard implements Rig {
  readonly board: Board;
  readonly clock: RigClock;
  readonly entropy: RigEntropy;
  readonly environment: Environment;
  readonly lines: RoughLines;
  readonly tracing: RigTracing;
  readonly #home: RigHome;
  readonly #cpu: Cpu;
  readonly #fuse: SecurityFuse & { value: number };
  readonly #slots: ImageSlots | undefined;
  readonly #made: Pick<BoardState, 'fuses' | 'hasCryptoEngine' | 'flash'>;
  /** A flash that is kept elsewhere is taken as it is once; a state that is brought back later is written to it. */
  #takesFlash: boolean;
  readonly #listeners = new Set<(event: RigEvent) => void>();
  readonly #ticking: NodeJS.Timeout;

  constructor(state: BoardState, home: RigHome, kept: KeptParts | undefined) {
    this.#home = home;
    this.#cpu = home.cpu ?? createNodeVmCpu();
    this.#made = state;
    this.#takesFlash = kept !== undefined;
    this.#fuse = createRigFuse(kept?.keepSecurityVersion ?? (() => undefined));
    this.clock = createRigClock(state.clock, kept?.keepTime);
    this.entropy = createRigEntropy(state.entropy);
    const tamper = kept?.tamper ?? createTamperContact();
    const { geometry, options } = state.flash;
    const flash = kept?.flash ?? createMemoryFlash({ ...options, geometry });
    this.tracing = createRigTracing(this.#cpu, { flash, clock: this.clock });
    this.#slots = kept?.imageSlots ?? slotsOf(state);
    this.board = createBoard({
      image: home.image,
      imageKey: home.imageKey,
      deviceSecret: state.fuses.deviceSecret,
      cryptoEngine: state.hasCryptoEngine,
      securityFuse: this.#fuse,
      flash,
      clock: this.clock,
      entropy: home.counted?.(this.entropy) ?? this.entropy,
      tamper,
      cpu: this.tracing.cpu,
      ...(this.#slots !== undefined && { imageSlots: this.#slots }),
      ...(home.watchdogMs !== undefined && { watchdogMs: home.watchdogMs }),
      ...(home.trace !== undefined && { trace: home.trace }),
      onFault: (fault) => this.#tell({ kind: 'fault', fault }),
    });
    this.environment = createEnvironment(tamper, () => this.board.powerOff());
    this.lines = createRoughLines(this.board, (direction, port, bytes) =>
      this.#tell({ kind: 'bytes', direction, port, bytes }),
    );
    this.board.onIndicator((shown) => this.#tell({ kind: 'indicator', state: shown }));
    this.board.onRun((isRunning) => this.#tell({ kind: 'run', isRunning }));
    tamper.onChange((isTriggered) => this.#tell({ kind: 'tamper', isTriggered }));
    this.#ticking = setInterval(() => {
      if (this.clock.state.isRunning) this.board.tick();
    }, TICK_MS).unref();
  }

  get cpuName(): string {
    return this.#cpu.name;
  }

  get keepsMemory(): boolean {
    return this.#cpu.restore !== undefined && this.#home.trace === undefined;
  }

  powerOn(): void {
    if (this.environment.canRun) this.board.powerOn();
  }

  powerOff(): void {
    this.board.powerOff();
  }

  startTrace(withSecrets: boolean): void {
    const { isPowered } = this.board;
    this.powerOff();
    this.tracing.begin(withSecrets);
    if (isPowered) this.powerOn();
  }

  advance(durationMs: number): void {
    this.clock.advance(durationMs);
    this.board.tick();
  }

  capture(): BoardState {
    const { board } = this;
    const { deviceSecret } = this.#made.fuses;
    return {
      fuses: { deviceSecret, securityVersion: this.#fuse.value },
      hasCryptoEngine: this.#made.hasCryptoEngine,
      flash: { ...this.#made.flash, snapshot: board.flash.snapshot() },
      imageSlots: this.#slots && captureSlots(this.#slots),
      clock: this.clock.state,
      entropy: this.entropy.state,
      surroundings: this.environment.surroundings,
      isTampered: board.tamper.isTriggered,
      isPowered: board.isPowered,
      running: board.isRunning && this.keepsMemory ? board.snapshot() : undefined,
    };
  }

  restore(state: BoardState, { boots = false }: RestoreOptions = {}): void {
    const running = boots ? undefined : state.running;
    this.#check(state, running !== undefined);
    const { board } = this;
    this.lines.forget();
    board.powerOff();
    if (!this.#takesFlash) {
      board.flash.restore(state.flash.snapshot);
      if (this.#slots !== undefined && state.imageSlots !== undefined)
        restoreSlots(this.#slots, state.imageSlots);
    }
    this.#takesFlash = false;
    this.#fuse.value = state.fuses.securityVersion;
    this.clock.restore(state.clock);
    this.entropy.restore(state.entropy);
    if (state.isTampered) board.tamper.trigger();
    else board.tamper.rearm();
    this.environment.set(state.surroundings);
    if (running !== undefined) board.restore(running);
    else if (state.isPowered) this.powerOn();
  }

  fork(count: number): Rig[] {
    const state = this.capture();
    const home = { ...this.#home, trace: undefined, counted: undefined };
    return Array.from({ length: count }, () => createRig(state, home));
  }

  onEvent(listener: (event: RigEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#ticking);
    this.lines.close();
    await this.board[Symbol.asyncDispose]();
    this.#listeners.clear();
  }

  #check(state: BoardState, needsMemory: boolean): void {
    const made = this.#made;
    const { fuses, hasCryptoEngine, flash, running } = state;
    const isThisBoard =
      equalBytes(fuses.deviceSecret, made.fuses.deviceSecret) &&
      hasCryptoEngine === made.hasCryptoEngine &&
      JSON.stringify([flash.geometry, flash.options]) ===
        JSON.stringify([made.flash.geometry, made.flash.options]) &&
      this.#hasSlotsOf(state);
    if (!isThisBoard)
      throw new StateError(
        'stateOfAnotherBoard',
        'The state is of a board with other fuses, another flash, other slots or another crypto engine.',
      );
    if (!needsMemory || running === undefined) return;
    if (!this.keepsMemory || this.#cpu.bytecodeEngine !== running.cpu.engine)
      throw new StateError(
        'memoryDoesNotFit',
        `The state has the memory of ${running.cpu.engine}, and ${this.#cpu.name} cannot go on from it.`,
      );
    const slots = state.imageSlots ?? (this.#slots && captureSlots(this.#slots));
    const isHere =
      equalBytes(bodyDigest(this.#home.image), running.bodyDigest) ||
      (slots !== undefined && holdsImage(slots, running.bodyDigest));
    if (!isHere)
      throw new StateError('memoryDoesNotFit', 'The state has the memory of another image.');
  }

  /** A state of version 1 says nothing of slots, which then stay as they are. */
  #hasSlotsOf({ imageSlots }: BoardState): boolean {
    if (imageSlots === undefined) return true;
    return JSON.stringify(imageSlots.geometry) === JSON.stringify(this.#slots?.geometry);
  }

  #tell(event: RigEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

const digests = new WeakMap<Uint8Array, Uint8Array>();

/** SHA-256 of the body of an image. */
function bodyDigest(image: Uint8Array): Uint8Array {
  const known = digests.get(image);
  if (known !== undefined) return known;
  const digest = createHash('sha256').update(image.subarray(IMAGE_HEADER_SIZE)).digest();
  digests.set(image, digest);
  return digest;
}
