/** The processor of a board: what runs an image (runtimes.md 7; docs/cpu.md). */

import type { Firmware, Hardware, ImageEntry } from '#hw/hardware';

/** The body of an image in one of its two forms; its signature was verified before (emulator/boot-rom.ts). */
export type Program =
  | { readonly form: 'source'; readonly source: string }
  | { readonly form: 'bytecode'; readonly engine: string; readonly bytecode: Uint8Array };

/** An image that was powered on. */
export interface RunningImage extends Firmware {
  /** For whoever holds the image in hand: test vectors run against these. */
  readonly algorithms: ImageEntry['algorithms'];
  /** What it runs in, where the processor has memory of its own; undefined where it shares this process's. */
  readonly machine: Machine | undefined;
  /** Throws the memory of the processor away; nothing may be called after. */
  kill(): void;
}

/** The memory and the limits of an embedded processor while an image runs on it. Asked between calls of the image only. */
export interface Machine {
  readonly figures: CpuFigures;
  /** A copy of all memory, stack and free space included: what somebody would read who holds probes to the chip. */
  memory(): Uint8Array;
  /** The running image as it is; the hardware's state is not in it. A cache: good for the same engine only. */
  snapshot(): CpuSnapshot;
}

/** What an image takes, and what it may take, since it was powered on. */
export interface CpuFigures {
  /** Bytes of memory without the stack, in whole pages of 64 KiB. */
  readonly ram: Mark;
  /** Bytes of the stack. */
  readonly stack: Mark;
  /** Polls of the watchdog in one call: the engine's own measure of work, which repeats exactly (docs/cpu.md). */
  readonly polls: Mark;
}

/** The highest value so far, and the one that stops the machine when it is passed. */
export interface Mark {
  readonly peak: number;
  readonly limit: number;
}

/** A running image between two calls. Not to be looked into. */
export interface CpuSnapshot {
  readonly engine: string;
  readonly state: unknown;
}

export interface Cpu {
  /** What docs, reports and `tessera emulate --cpu` call it. */
  readonly name: string;
  /** What bytecode must have been made for to run here; undefined where source alone runs. */
  readonly bytecodeEngine: string | undefined;
  /**
   * Evaluates an image in empty memory, with the hardware in its global scope, and powers it on.
   * @throws whatever the image throws while it loads or powers on; LimitReached
   */
  boot(program: Program, hardware: Hardware): RunningImage;
  /**
   * Goes on from a snapshot, with hardware that offers the same calls; undefined where it has no memory of its own.
   * @throws Error where the snapshot is of another engine or of other hardware
   */
  readonly restore: ((snapshot: CpuSnapshot, hardware: Hardware) => RunningImage) | undefined;
}

export type LimitName = 'ram' | 'stack' | 'time';

/** The image went past a limit of its processor. It is stopped where it is: nothing in it can catch this. */
export class LimitReached extends Error {
  override readonly name = 'LimitReached';
  readonly limit: LimitName;

  constructor(limit: LimitName, message: string) {
    super(message);
    this.limit = limit;
  }
}
