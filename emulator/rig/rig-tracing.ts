/** A trace of a board that is begun and ended while the board exists, in memory and with a bound (docs/control.md). */

import type { Cpu } from '../cpu/cpu.ts';
import { type RecordedParts, recordedCpu } from '../trace/recorder.ts';
import { createTraceText, type TraceText } from '../trace/trace-file.ts';

/** Text that a recording may have; it ends with the turn in which it has more. */
export const TRACE_CHARS_MAX = 48 << 20;

export interface TracingState {
  readonly isRecording: boolean;
  readonly withSecrets: boolean;
  readonly events: number;
  /** Why it ended, where nobody ended it. */
  readonly endedBy: 'full' | 'restore' | undefined;
}

export interface RigTracing {
  /** Runs images as the one that was given, and records while that is wanted. */
  readonly cpu: Cpu;
  /** Undefined before the first. */
  readonly state: TracingState | undefined;
  /** All so far, as a file has it; undefined before the first. */
  text(): string | undefined;
  /** From the next power-up on; to be called while power is off. */
  begin(withSecrets: boolean): void;
  end(): void;
}

interface Recording {
  readonly cpu: Cpu;
  readonly written: TraceText;
  readonly withSecrets: boolean;
  endedBy: TracingState['endedBy'] | 'asked';
}

export function createRigTracing(
  cpu: Cpu,
  parts: RecordedParts,
  charsMax = TRACE_CHARS_MAX,
): RigTracing {
  let recording: Recording | undefined;

  function begin(withSecrets: boolean): void {
    const written = createTraceText(withSecrets);
    const own: Recording = {
      cpu: recordedCpu(cpu, parts, (event) => {
        if (own.endedBy !== undefined) return;
        written.write(event);
        const isTurnEnd = event.kind === 'end' || event.kind === 'stop';
        if (isTurnEnd && written.chars > charsMax) own.endedBy = 'full';
      }),
      written,
      withSecrets,
      endedBy: undefined,
    };
    recording = own;
  }

  function end(reason: Recording['endedBy']): void {
    if (recording !== undefined) recording.endedBy ??= reason;
  }

  const { restore } = cpu;
  return {
    cpu: {
      name: cpu.name,
      bytecodeEngine: cpu.bytecodeEngine,
      boot: (program, hardware) =>
        recording === undefined || recording.endedBy !== undefined
          ? cpu.boot(program, hardware)
          : recording.cpu.boot(program, hardware),
      restore:
        restore &&
        ((snapshot, hardware) => {
          end('restore'); // what the image knows then, no trace tells
          return restore(snapshot, hardware);
        }),
    },
    get state() {
      if (recording === undefined) return undefined;
      const { endedBy, withSecrets, written } = recording;
      return {
        isRecording: endedBy === undefined,
        withSecrets,
        events: written.events,
        endedBy: endedBy === 'asked' ? undefined : endedBy,
      };
    },
    text: () => recording?.written.text(),
    begin,
    end: () => end('asked'),
  };
}
