/** A board with a meter's image on it: power switch, ports, lamp, housing (requirements.md H1, H2). */

import { equalBytes, wipe } from '#protocol/bytes';
import type { StateName } from '#protocol/state';
import { createAudience, type News } from './board-audience.ts';
import { type BoardFault, faultOf } from './board-fault.ts';
import { type BoardOptions, type BoardSnapshot, partsOf } from './board-options.ts';
import { checkImage } from './boot-rom.ts';
import { type BootImage, type BootImages, chosenOf, imagesOn } from './boot-slots.ts';
import { createCallQueue } from './call-queue.ts';
import type { ClockSource } from './clock.ts';
import type { Cpu, CpuFigures, RunningImage } from './cpu/cpu.ts';
import { createNodeVmCpu } from './cpu/node-vm.ts';
import type { FlashDevice } from './flash.ts';
import { slotNumbers } from './image-slots.ts';
import { PowerLost } from './power.ts';
import {
  type BoardParts,
  type CycleTimes,
  checkPort,
  PORT_BYTES_MAX,
  PowerCycle,
} from './power-cycle.ts';
import type { TamperContact } from './tamper.ts';
import { recordedCpu } from './trace/recorder.ts';

export type { BoardOptions, BoardSnapshot };

/** hw/hardware.ts, Watchdog. */
const WATCHDOG_MS = 10_000;
/** Restarts in a row, none of which came up, after which the board gives up. */
const RESTARTS_MAX = 8;
/** hw/hardware.ts, Firmware.tick: at least once a second. */
const TICK_MS = 500;

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
  /**
   * Whether firmware runs, after the call in which that changed and after what was sent before it: false and true again
   * at each restart. The function it gives ends that.
   */
  onRun(listener: (isRunning: boolean) => void): () => void;
  readonly isRunning: boolean;
  /** What the lamp shows; `error` where the board is dead. */
  readonly indicator: StateName;
  /** What the lamp shows from then on, each time it changes; the function it gives ends that. */
  onIndicator(listener: (state: StateName) => void): () => void;
  readonly tamper: TamperContact;
  readonly clock: ClockSource;
  readonly flash: FlashDevice;
  readonly hasCryptoEngine: boolean;
  /** The algorithms of the image, for test vectors; undefined while it does not run. */
  readonly algorithms: RunningImage['algorithms'] | undefined;
  /** What the image takes of its processor; undefined while it does not run, or where the processor has no limits. */
  readonly cpuFigures: CpuFigures | undefined;
  /** A copy of the processor's memory, for scans; undefined as the figures. */
  memory(): Uint8Array | undefined;
  /** @throws Error while nothing runs, within a call of the firmware, or on a processor without memory of its own */
  snapshot(): BoardSnapshot;
  /**
   * Goes on from a snapshot, whatever was before: power is on, nothing is sent.
   * @throws Error where this board's image, processor or hardware is another
   */
  restore(snapshot: BoardSnapshot): void;
}

/** The lines of a board, as what is plugged into them sees it. */
export type PortLines = Pick<Board, 'receive' | 'onSend'>;

/** A board that is still off. */
export function createBoard(options: BoardOptions): Board {
  return new EmulatedBoard(options);
}

class EmulatedBoard implements Board {
  readonly #parts: BoardParts;
  readonly #cpu: Cpu;
  readonly #watchdogMs: number;
  readonly #release: (deliver: () => void) => void;
  readonly #onFault: (fault: BoardFault) => void;
  readonly #calls = createCallQueue();
  readonly #audience = createAudience(this.#calls);
  readonly #ends: (() => void)[] = [];
  #outbox: News[] = [];
  #cycle: PowerCycle | undefined;
  #running: BootImage | undefined;
  #firmware: RunningImage | undefined;
  #isPowered = false;
  #fault: BoardFault | undefined;
  #indicator: StateName = 'powerOff';

  constructor(options: BoardOptions) {
    this.#parts = partsOf(options);
    const { cpu = createNodeVmCpu(), trace } = options;
    this.#cpu = trace === undefined ? cpu : recordedCpu(cpu, this.#parts, trace);
    this.#watchdogMs = options.watchdogMs ?? WATCHDOG_MS;
    this.#release = options.release ?? ((deliver) => deliver());
    this.#onFault = options.onFault ?? (() => undefined);
    this.#ends.push(this.#parts.tamper.onChange(() => this.tick()));
  }

  get isPowered(): boolean {
    return this.#isPowered;
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

  get hasCryptoEngine(): boolean {
    return this.#parts.cryptoEngine !== false;
  }

  get algorithms(): RunningImage['algorithms'] | undefined {
    return this.#firmware?.algorithms;
  }

  get cpuFigures(): CpuFigures | undefined {
    return this.#firmware?.machine?.figures;
  }

  memory(): Uint8Array | undefined {
    return this.#firmware?.machine?.memory();
  }

  snapshot(): BoardSnapshot {
    const machine = this.#firmware?.machine;
    if (machine === undefined || this.#cycle === undefined || this.#running === undefined)
      throw new Error('No image runs on this board that could be kept as it is.');
    return {
      bodyDigest: this.#running.check.header.bodyDigest,
      cpu: machine.snapshot(),
      indicator: this.#indicator,
      times: this.#cycle.times,
    };
  }

  restore({ bodyDigest, cpu, indicator, times }: BoardSnapshot): void {
    const { restore, name } = this.#cpu;
    const running = this.#images().images.find(({ check }) =>
      equalBytes(check.header.bodyDigest, bodyDigest),
    );
    if (restore === undefined) throw new Error(`${name} cannot go on from a snapshot.`);
    if (running === undefined) throw new Error('The snapshot is of another image.');
    this.#run(() => {
      this.#powerUp();
      const cycle = this.#beginCycle(running, times);
      this.#begin(restore(cpu, cycle.hardware));
      this.#cycle = cycle;
      this.#show(indicator);
    });
  }

  powerOn(): void {
    this.#run(() => {
      if (!this.isPowered) this.#boot();
    });
  }

  powerOff(): void {
    this.#calls.clear();
    this.#lose();
    this.#run(() => undefined); // tells who listens
  }

  tick(): void {
    this.#run(() => {
      this.#call((firmware) => firmware.tick());
      // Judged only after the firmware had its turn: a test may let a day pass between two ticks.
      if (this.#firmware !== undefined && (this.#cycle?.unfedMs ?? 0) > this.#watchdogMs)
        this.#boot();
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
    return this.#audience.onSend(port, listener);
  }

  onRun(listener: (isRunning: boolean) => void): () => void {
    return this.#audience.onRun(listener);
  }

  onIndicator(listener: (state: StateName) => void): () => void {
    return this.#audience.onIndicator(listener);
  }

  get isRunning(): boolean {
    return this.#firmware !== undefined;
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
      if (sent.length === 0) return;
      this.#outbox = [];
      this.#release(() => {
        for (const news of sent) this.#audience.tell(news);
      });
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
    this.#powerUp();
    const running = this.#choose();
    if (running === undefined) return;
    const { check, flash } = running;
    const cycle = this.#beginCycle(running);
    this.#cycle = cycle;
    this.#attempt(() => {
      const firmware = this.#cpu.boot(check.program, cycle.hardware);
      if (cycle.endedBy !== undefined) {
        firmware.kill();
        return;
      }
      this.#begin(firmware);
      if (flash === undefined) this.#parts.securityFuse.blow(check.header.securityVersion); // a slot: once it confirms
    });
  }

  #images(): BootImages {
    const { image, imageSlots, imageKey, securityFuse } = this.#parts;
    const { bytecodeEngine } = this.#cpu;
    return imagesOn(image, imageSlots, (candidate) =>
      checkImage(imageKey, securityFuse.value, candidate, bytecodeEngine),
    );
  }

  /** Undefined where nothing may run, or where power failed while it was chosen. */
  #choose(): BootImage | undefined {
    try {
      const images = this.#images();
      const chosen = chosenOf(images);
      if (chosen === undefined)
        this.#die({ kind: 'imageRefused', message: `The image was refused. ${images.reason}` });
      return chosen;
    } catch (error) {
      if (!(error instanceof PowerLost)) throw error;
      this.#lose();
      return undefined;
    }
  }

  /** Power is back, and whatever ran before is gone. */
  #powerUp(): void {
    this.#lose();
    const { flash, imageSlots } = this.#parts;
    flash.restorePower();
    for (const slot of slotNumbers) imageSlots?.find(slot)?.restorePower();
    this.#isPowered = true;
  }

  /** @param times where power was there all the time */
  #beginCycle(running: BootImage, times?: CycleTimes): PowerCycle {
    this.#running = running;
    const lines = {
      send: (port: number, bytes: Uint8Array) => this.#outbox.push({ kind: 'sent', port, bytes }),
      show: (state: StateName) => this.#show(state),
    };
    return new PowerCycle(this.#parts, lines, running, times);
  }

  /** Runs code of the image: what it throws where power is gone is forgotten, anything else is its defect. */
  #attempt(action: () => void): void {
    const cycle = this.#cycle;
    try {
      action();
    } catch (cause) {
      if (cycle?.endedBy === undefined) this.#fail(faultOf(cause));
    }
    if (cycle?.endedBy === 'powerFailed') this.#lose();
  }

  /** An image on trial is restarted, as by a watchdog that nobody feeds: so it uses up its tries. */
  #fail(fault: BoardFault): void {
    if (this.#running?.isConfirmed === false) this.#cycle?.end('reset');
    else this.#die(fault);
  }

  /** No power any more. */
  #lose(): void {
    this.#stop();
    this.#isPowered = false;
    this.#running = undefined;
    this.#cycle = undefined;
    this.#fault = undefined;
    this.#show('powerOff');
  }

  /** Power stays on, the firmware does not. */
  #die(fault: BoardFault): void {
    this.#stop();
    this.#fault = fault;
    this.#show('error');
    this.#onFault(fault);
  }

  #show(state: StateName): void {
    if (state === this.#indicator) return;
    this.#indicator = state;
    this.#outbox.push({ kind: 'shows', state });
  }

  #begin(firmware: RunningImage): void {
    this.#firmware = firmware;
    this.#outbox.push({ kind: 'runs', isRunning: true });
  }

  #stop(): void {
    this.#cycle?.end('switchedOff');
    if (this.#firmware === undefined) return;
    this.#firmware.kill();
    this.#firmware = undefined;
    this.#outbox.push({ kind: 'runs', isRunning: false });
  }
}
