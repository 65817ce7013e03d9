/** How much of a board an image has used at most: memory, stack, work, noise, flash (docs/profiles.md). */

import type { Entropy } from '#hw/hardware';
import type { Cpu, CpuFigures, Mark, RunningImage } from './cpu/cpu.ts';
import type { FlashDevice } from './flash.ts';

/** Since the emulator began, over all its restarts. */
export interface BoardMarks {
  /** Undefined on a processor without limits, as the two after it. */
  readonly ramBytes: Mark | undefined;
  readonly stackBytes: Mark | undefined;
  /** Of the watchdog, in one call or while it came up. */
  readonly polls: Mark | undefined;
  readonly starts: number;
  /** Calls of the image: bytes that arrived, and ticks. */
  readonly calls: number;
  /** The longest of them, and the longest start, in milliseconds of this computer. */
  readonly longestCallMs: number;
  readonly longestStartMs: number;
  /** Bytes of noise that were drawn, and by one call or start at most. */
  readonly entropyBytes: number;
  readonly entropyBytesInCall: number;
  readonly flashPrograms: number;
  readonly flashErases: number;
  /** Erases of the sector that had most of them. */
  readonly sectorErases: number;
}

export interface Marking {
  /** Runs images as the one that was given, and looks. */
  readonly cpu: Cpu;
  /** The same noise, of which it is counted how much was drawn. */
  counted(noise: Entropy): Entropy;
  marks(flash: FlashDevice): BoardMarks;
}

export function createMarking(inner: Cpu): Marking {
  let figures: CpuFigures | undefined;
  let running: RunningImage | undefined;
  let starts = 0;
  let calls = 0;
  let longestCallMs = 0;
  let longestStartMs = 0;
  let entropyBytes = 0;
  let entropyBytesInCall = 0;

  /** Marks of a machine grow as long as it lives, so they are looked at when it ends. */
  function look(): void {
    const now = figuresOf(running);
    if (now !== undefined) figures = figures === undefined ? now : highest(figures, now);
  }

  function timed<T>(work: () => T): { readonly timeMs: number; readonly result: T } {
    const before = entropyBytes;
    const startMs = performance.now();
    try {
      const result = work();
      return { timeMs: performance.now() - startMs, result };
    } finally {
      entropyBytesInCall = Math.max(entropyBytesInCall, entropyBytes - before);
    }
  }

  function call(work: () => void): void {
    calls += 1;
    longestCallMs = Math.max(longestCallMs, timed(work).timeMs);
  }

  function watched(image: RunningImage): RunningImage {
    running = image;
    return {
      get algorithms() {
        return image.algorithms;
      },
      machine: image.machine,
      receive: (port, data) => call(() => image.receive(port, data)),
      tick: () => call(() => image.tick()),
      kill() {
        look();
        running = undefined;
        image.kill();
      },
    };
  }

  const { restore } = inner;
  return {
    cpu: {
      name: inner.name,
      bytecodeEngine: inner.bytecodeEngine,
      boot(program, hardware) {
        starts += 1;
        const { timeMs, result } = timed(() => inner.boot(program, hardware));
        longestStartMs = Math.max(longestStartMs, timeMs);
        return watched(result);
      },
      restore:
        restore === undefined
          ? undefined
          : (snapshot, hardware) => watched(restore(snapshot, hardware)),
    },
    counted: (noise) => ({
      read(length) {
        entropyBytes += length;
        return noise.read(length);
      },
    }),
    marks({ counters, wear }) {
      look();
      return {
        ramBytes: figures?.ram,
        stackBytes: figures?.stack,
        polls: figures?.polls,
        ...{ starts, calls, longestCallMs, longestStartMs, entropyBytes, entropyBytesInCall },
        flashPrograms: counters.programs,
        flashErases: counters.erases,
        sectorErases: Math.max(0, ...wear),
      };
    },
  };
}

/** Undefined where there is no machine, or it was ended by a limit, which its fault tells. */
function figuresOf(image: RunningImage | undefined): CpuFigures | undefined {
  try {
    return image?.machine?.figures;
  } catch {
    return undefined;
  }
}

function highest(left: CpuFigures, right: CpuFigures): CpuFigures {
  const higher = (one: Mark, other: Mark): Mark => (one.peak >= other.peak ? one : other);
  return {
    ram: higher(left.ram, right.ram),
    stack: higher(left.stack, right.stack),
    polls: higher(left.polls, right.polls),
  };
}
