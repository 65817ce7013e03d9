/** A board with a meter's image on it: power switch, ports, lamp, housing (requirements.md H1, H2). */

import { randomBytes } from 'node:crypto';
import type { Entropy } from '#hw/hardware';
import { wipe } from '#protocol/bytes';
import type { StateName } from '#protocol/state';
import { checkImage } from './boot-rom.ts';
import { createCallQueue } from './call-queue.ts';
import { type ClockSource, systemClock } from './clock.ts';
import type { Cpu, RunningImage } from './cpu/cpu.ts';
import { createNodeVmCpu } from './cpu/node-vm.ts';
import { systemEntropy } from './entropy.ts';
import { createMemoryFlash, type FlashDevice } from './flash.ts';
import { type BoardParts, checkPort, PORT_BYTES_MAX, PowerCycle } from './power-cycle.ts';
import { createSecurityFuse, type SecurityFuse } from './security-fuse.ts';
import { createTamperContact, type TamperContact } from './tamper.ts';

export const DEVICE_SECRET_SIZE = 32;
/** hw/hardware.ts, Watchdog. */
const WATCHDOG_MS = 10_000;
/** Restarts in a row, none of which came up, after which the board gives up. */
const RESTARTS_MAX = 8;
/** hw/hardware.ts, Firmware.tick: at least once a second. */
const TICK_MS = 500;

export interface BoardOptions {
  /** Header and body. */
  readonly image: Uint8Array;
  /** The key of the fuses: 33 bytes, compressed point on P-256. */
  readonly imageKey: Uint8Array;
  /** 32 bytes, copied and wiped with the board; random by default. */
  readonly deviceSecret?: Uint8Array;
  readonly securityFuse?: SecurityFuse;
  /** Stays the caller's to close. Memory by default. */
  readonly flash?: FlashDevice;
  readonly clock?: ClockSource;
  readonly entropy?: Entropy;
  readonly tamper?: TamperContact;
  readonly cpu?: Cpu;
  /** Told once when the board goes dead until it is switched off. */
  readonly onFault?: (fault: BoardFault) => void;
}

/**
 * Why a board is dead although power is on. `imageRefused`: the boot ROM did not let the image run · `crashed`: the
 * firmware threw what it should not · `restartLoop`: it asked for a restart each time it was started.
 */
export interface BoardFault {
  readonly kind: 'imageRefused' | 'crashed' | 'restartLoop';
  readonly message: string;
  /** What the firmware threw. */
  readonly cause?: unknown;
}

/**
 * Every call returns when all that it caused has happened, unless it was made by a listener: then it happens when the
 * listener has returned.
 */
export interface Board extends AsyncDisposable {
  powerOn(): void;
  /** At once, in the middle of a call of the firmware too. */
  powerOff(): void;
  /** Gives the firmware its time; to be called at least once a second, see {@link startTicking}. */
  tick(): void;
  /** Ticks by itself until the board is disposed of or the function it gives is called; keeps no process alive. */
  startTicking(periodMs?: number): () => void;
  readonly isPowered: boolean;
  readonly fault: BoardFault | undefined;
  /** Bytes for the firmware; lost where the board is off or dead. @param port 0 to 15 */
  receive(port: number, bytes: Uint8Array): void;
  /** Bytes from the firmware, after the call in which it sent them; the function it gives ends that. */
  onSend(port: number, listener: (bytes: Uint8Array) => void): () => void;
  /** What the lamp shows; `error` where the board is dead. */
  readonly indicator: StateName;
  readonly tamper: TamperContact;
  readonly clock: ClockSource;
  readonly flash: FlashDevice;
  /** The algorithms of the image, for test vectors; undefined while it does not run. */
  readonly algorithms: RunningImage['algorithms'] | undefined;
}

/** A board that is still off. */
export function createBoard(options: BoardOptions): Board {
  return new EmulatedBoard(options);
}

class EmulatedBoard implements Board {
  readonly #parts: BoardParts;
  readonly #securityFuse: SecurityFuse;
  readonly #cpu: Cpu;
  readonly #onFault: (fault: BoardFault) => void;
  readonly #calls = createCallQueue();
  readonly #listeners = new Map<number, Set<(bytes: Uint8Array) => void>>();
  readonly #ends: (() => void)[] = [];
  #outbox: { readonly port: number; readonly bytes: Uint8Array }[] = [];
  #cycle: PowerCycle | undefined;
  #firmware: RunningImage | undefined;
  #fault: BoardFault | undefined;
  #indicator: StateName = 'powerOff';

  constructor(options: BoardOptions) {
    this.#parts = {
      image: options.image,
      imageKey: options.imageKey,
      deviceSecret: Uint8Array.from(options.deviceSecret ?? randomBytes(DEVICE_SECRET_SIZE)),
      flash: options.flash ?? createMemoryFlash(),
      clock: options.clock ?? systemClock,
      entropy: options.entropy ?? systemEntropy,
      tamper: options.tamper ?? createTamperContact(),
    };
    this.#securityFuse = options.securityFuse ?? createSecurityFuse();
    this.#cpu = options.cpu ?? createNodeVmCpu();
    this.#onFault = options.onFault ?? (() => undefined);
    this.#ends.push(this.#parts.tamper.onChange(() => this.tick()));
  }

  get isPowered(): boolean {
    return this.#cycle !== undefined;
  }

  get fault(): BoardFault | undefined {
    return this.#fault;
  }

  get indicator(): StateName {
    return this.#indicator;
  }

  get tamper(): TamperContact {
    return this.#parts.tamper;
  }

  get clock(): ClockSource {
    return this.#parts.clock;
  }

  get flash(): FlashDevice {
    return this.#parts.flash;
  }

  get algorithms(): RunningImage['algorithms'] | undefined {
    return this.#firmware?.algorithms;
  }

  powerOn(): void {
    this.#run(() => {
      if (!this.isPowered) this.#boot();
    });
  }

  powerOff(): void {
    this.#calls.clear();
    this.#lose();
  }

  tick(): void {
    this.#run(() => {
      this.#call((firmware) => firmware.tick());
      // Judged only after the firmware had its turn: a test may let a day pass between two ticks.
      if (this.#firmware !== undefined && (this.#cycle?.unfedMs ?? 0) > WATCHDOG_MS) this.#boot();
    });
  }

  startTicking(periodMs = TICK_MS): () => void {
    const timer = setInterval(() => this.tick(), periodMs).unref();
    const stop = (): void => clearInterval(timer);
    this.#ends.push(stop);
    return stop;
  }

  receive(port: number, bytes: Uint8Array): void {
    checkPort(port);
    for (let at = 0; at < bytes.length; at += PORT_BYTES_MAX) {
      const data = new Uint8Array(bytes.subarray(at, at + PORT_BYTES_MAX)).buffer;
      this.#run(() => this.#call((firmware) => firmware.receive(port, data)));
    }
  }

  onSend(port: number, listener: (bytes: Uint8Array) => void): () => void {
    checkPort(port);
    const listeners = this.#listeners.get(port) ?? new Set();
    this.#listeners.set(port, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends) end();
    this.powerOff();
    wipe(this.#parts.deviceSecret);
  }

  /** Runs something that may call the firmware, and then hands out what the firmware sent. */
  #run(action: () => void): void {
    this.#calls.run(() => {
      action();
      const sent = this.#outbox;
      this.#outbox = [];
      for (const { port, bytes } of sent)
        for (const listener of this.#listeners.get(port) ?? [])
          this.#calls.run(() => listener(bytes)); // queued: one that throws keeps nothing from the others
    });
  }

  /** Calls the running firmware and sees to what came of it. */
  #call(action: (firmware: RunningImage) => void): void {
    const firmware = this.#firmware;
    if (firmware === undefined) return;
    this.#attempt(() => action(firmware));
    if (this.#cycle?.endedBy === 'reset') this.#boot();
  }

  /** Starts the image; again where it asks for a restart while it starts. */
  #boot(): void {
    for (let start = 0; start <= RESTARTS_MAX; start += 1) {
      this.#start();
      if (this.#cycle?.endedBy !== 'reset') return;
    }
    this.#die({
      kind: 'restartLoop',
      message: 'The firmware restarted the board again and again.',
    });
  }

  #start(): void {
    const { flash, image, imageKey } = this.#parts;
    this.#lose();
    flash.restorePower();
    const cycle = new PowerCycle(this.#parts, {
      send: (port, bytes) => this.#outbox.push({ port, bytes }),
      show: (state) => {
        this.#indicator = state;
      },
    });
    this.#cycle = cycle;
    const check = checkImage(imageKey, this.#securityFuse.value, image);
    if (!check.ok) {
      this.#die({ kind: 'imageRefused', message: `The image was refused. ${check.reason}` });
      return;
    }
    this.#attempt(() => {
      const firmware = this.#cpu.boot(check.source, cycle.hardware);
      if (cycle.endedBy !== undefined) return;
      this.#firmware = firmware;
      this.#securityFuse.blow(check.header.securityVersion);
    });
  }

  /** Runs code of the image: what it throws where power is gone is forgotten, anything else is its defect. */
  #attempt(action: () => void): void {
    const cycle = this.#cycle;
    try {
      action();
    } catch (cause) {
      if (cycle?.endedBy === undefined) {
        const message = `The firmware crashed: ${describe(cause)}`;
        this.#die({ kind: 'crashed', message, cause });
      }
    }
    if (cycle?.endedBy === 'powerFailed') this.#lose();
  }

  /** No power any more. */
  #lose(): void {
    this.#stop();
    this.#cycle = undefined;
    this.#fault = undefined;
    this.#indicator = 'powerOff';
  }

  /** Power stays on, the firmware does not. */
  #die(fault: BoardFault): void {
    this.#stop();
    this.#fault = fault;
    this.#indicator = 'error';
    this.#onFault(fault);
  }

  #stop(): void {
    this.#cycle?.end('switchedOff');
    this.#firmware?.kill();
    this.#firmware = undefined;
  }
}

/** The class of an error from another realm is not ours: only its text is looked at. */
function describe(cause: unknown): string {
  const hasMessage = typeof cause === 'object' && cause !== null && 'message' in cause;
  return String(hasMessage ? cause.message : cause);
}
