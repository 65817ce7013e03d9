/** Reads the trace that a command was given, and says so where its end is missing. */

import { type ReadTrace, readTraceFile, TraceFileError } from '#emulator/trace/trace-file';
import { Failure } from '../../failure.ts';
import type { Output } from '../../output.ts';

/** @param isPartial takes what is there of a recording that was not finished */
export function readTrace(path: string, isPartial: boolean, output: Output): ReadTrace {
  const trace = wholeOrPartial(path, isPartial);
  if (trace.isWhole) return trace;
  const { length } = trace.events;
  output.say(
    'unfinished',
    { events: length },
    `the end of this trace is missing: its recording was killed or the file was cut; these are the whole turns of it, ${length} events`,
  );
  return trace;
}

function wholeOrPartial(path: string, isPartial: boolean): ReadTrace {
  try {
    return readTraceFile(path, isPartial);
  } catch (cause) {
    if (!(cause instanceof TraceFileError) || cause.reason !== 'unfinished') throw cause;
    throw new Failure('traceFile', cause.message, 'Say --partial to take its whole turns.');
  }
}
