/**
 * Puts an image on a processor through a trace: it is called as the recorded one was, every hardware call is answered as it
 * was, and what it asks or does otherwise is the divergence (docs/trace.md).
 */

import type { Cpu, RunningImage } from '../cpu/cpu.ts';
import type { BoardAtBoot, Trace, TraceEvent, TurnStart } from './event.ts';
import { eventText } from './event-text.ts';
import { type ReplayMode, TraceHardware, type TraceReader } from './replay-hardware.ts';
import type { ReplayedImage } from './replayed-image.ts';

/** The first step in which an image does not do what was recorded. */
export interface Divergence {
  /** Number of the event, the first is 1; it is in line `step + 1` of the file. */
  readonly step: number;
  readonly expected: string;
  readonly found: string;
}

export interface Replayed {
  readonly mode: ReplayMode;
  /** Events that were replayed before the divergence, or all. */
  readonly steps: number;
  readonly divergence: Divergence | undefined;
}

/** @throws Error for a redacted trace, which lacks what the image was told */
export function replayTrace(trace: Trace, cpu: Cpu, image: ReplayedImage): Replayed {
  if (trace.isRedacted)
    throw new Error(
      'The trace is redacted: it can be looked at, and not be replayed. Record with secrets for that.',
    );
  return new Replay(trace.events, cpu, image).run();
}

class Replay implements TraceReader {
  readonly events: readonly TraceEvent[];
  readonly mode: ReplayMode;
  readonly #cpu: Cpu;
  readonly #image: ReplayedImage;
  readonly #hardware: TraceHardware;
  #running: RunningImage | undefined;
  at = 0;
  divergence: Divergence | undefined;

  constructor(events: readonly TraceEvent[], cpu: Cpu, image: ReplayedImage) {
    this.events = events;
    this.#cpu = cpu;
    this.#image = image;
    const recorded = events.find((event) => event.kind === 'boot')?.board;
    const isRecorded =
      recorded?.digest === image.digest && recorded.imageVersion === image.imageVersion;
    this.mode = isRecorded ? 'calls' : 'effects';
    this.#hardware = new TraceHardware(this, image);
  }

  run(): Replayed {
    try {
      while (this.divergence === undefined) {
        const event = this.events[this.at];
        if (event === undefined) break;
        this.at += 1;
        this.#follow(event);
      }
    } finally {
      this.kill();
    }
    const { mode, divergence } = this;
    const steps = divergence === undefined ? this.events.length : divergence.step - 1;
    return { mode, steps, divergence };
  }

  kill(): void {
    this.#running?.kill();
    this.#running = undefined;
  }

  diverge(expected: TraceEvent | undefined, found: string): void {
    this.divergence ??= {
      step: this.at + 1,
      expected: expected === undefined ? 'the end of the trace' : eventText(expected),
      found,
    };
  }

  #follow(event: TraceEvent): void {
    switch (event.kind) {
      case 'boot':
        this.kill();
        this.#turn(event, () => {
          this.#running = this.#boot(event.board);
        });
        return;
      case 'receive':
        this.#turn(event, () => this.#running?.receive(event.port, event.bytes.slice().buffer));
        return;
      case 'tick':
        this.#turn(event, () => this.#running?.tick());
        return;
      case 'stop':
        this.kill();
        return;
      case 'heard':
      case 'note':
        return;
      case 'call':
      case 'cut':
      case 'end':
        throw new Error(`event ${this.at} of the trace is in no turn: ${eventText(event)}`);
    }
  }

  #boot(board: BoardAtBoot): RunningImage {
    return this.#cpu.boot(this.#image.program, this.#hardware.powerOn(board));
  }

  /** Calls the image, up to the event that says that it returned. */
  #turn(event: TurnStart, action: () => void): void {
    this.#hardware.beginTurn(event);
    let error: string | undefined;
    try {
      action();
    } catch (cause) {
      error = messageOf(cause);
    }
    if (this.divergence === undefined) this.#hardware.endTurn(error);
  }
}

/** An error of another realm is none of ours. */
const messageOf = (cause: unknown): string =>
  typeof cause === 'object' && cause !== null && 'message' in cause
    ? String(cause.message)
    : String(cause);
