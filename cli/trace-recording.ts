/** What `tessera emulate` records: a trace in a file, packets for Wireshark, or both (docs/trace.md). */

import { closeSync, openSync, writeSync } from 'node:fs';
import { redacted, type TraceSink } from '#emulator/trace/event';
import { createPcapngSink } from '#emulator/trace/pcapng';
import { writeTraceFile } from '#emulator/trace/trace-file';
import type { Output } from './output.ts';

export interface RecordingOptions {
  readonly trace?: string;
  readonly withSecrets?: boolean;
  readonly pcapng?: string;
}

export interface Recording extends Disposable {
  /** Undefined where nothing is recorded, which then costs nothing. */
  readonly sink: TraceSink | undefined;
}

/** A file that cannot be written any more ends its recording and not the meter. */
export function openRecording(
  { trace, withSecrets, pcapng }: RecordingOptions,
  output: Output,
): Recording {
  using opened = new DisposableStack();
  const sinks: TraceSink[] = [];
  if (trace !== undefined) {
    const file = writeTraceFile(trace, withSecrets === true);
    let isWhole = true;
    opened.defer(() => (isWhole ? file[Symbol.dispose]() : undefined));
    sinks.push(
      lasting(file.write, (error) => {
        isWhole = false;
        output.say('problem', { message: error.message }, `the trace ends: ${error.message}`);
      }),
    );
  }
  if (pcapng !== undefined) {
    const file = openSync(pcapng, 'w', 0o600);
    opened.defer(() => closeSync(file));
    const sink = createPcapngSink((bytes) => writeSync(file, bytes));
    const told = (error: Error): void =>
      output.say('problem', { message: error.message }, `the packets end: ${error.message}`);
    sinks.push(lasting((event) => sink(redacted(event)), told));
  }
  const owned = opened.move();
  return {
    sink: sinks.length === 0 ? undefined : (event) => sinks.forEach((sink) => void sink(event)),
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** What throws once is asked no more: the image must not meet an error of a disk. */
function lasting(sink: TraceSink, onEnd: (error: Error) => void): TraceSink {
  let isOpen = true;
  return (event) => {
    if (!isOpen) return;
    try {
      sink(event);
    } catch (error) {
      isOpen = false;
      onEnd(error as Error);
    }
  };
}
