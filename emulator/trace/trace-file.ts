/** A trace as a file: a header, a line for each event, and an end that vouches for all before it (docs/trace.md). */

import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { redacted, type Trace, type TraceEvent, type TraceSink } from './event.ts';
import { decodeEvent, encodeEvent, LineError } from './event-line.ts';

const FORMAT = 'tessera-trace';
/** Grows when an older program could not read the file any more. */
const VERSION = 1;
/** What a kill can cost at most: so much text or so many events since the last portion, and none older than this. */
export const PORTION = { chars: 1 << 20, events: 1024, ageMs: 1_000 } as const;
const GZIP = Buffer.of(0x1f, 0x8b);
/** What a compressed trace may become: more could not be read at once. */
const UNPACKED_SIZE_MAX = 1 << 30;

/** A file that is no trace, or not all of one: the message says what is wrong with it. */
export class TraceFileError extends Error {
  override readonly name = 'TraceFileError';
  readonly reason: 'foreign' | 'newer' | 'damaged' | 'unfinished';

  constructor(reason: TraceFileError['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

export interface TraceWriter extends Disposable {
  readonly write: TraceSink;
}

/**
 * Begins a file; compressed where its name ends with `.gz`. It is whole once it was disposed of.
 * @param withSecrets whether it holds what a replay needs and nobody else may have
 */
export function writeTraceFile(path: string, withSecrets: boolean): TraceWriter {
  const file = openSync(path, 'w', 0o600);
  const isCompressed = path.endsWith('.gz');
  const encoder = createEncoder(withSecrets, (text) => {
    writeSync(file, isCompressed ? gzipSync(text) : Buffer.from(text));
  });
  let timer: NodeJS.Timeout | undefined;
  let failure: unknown;
  encoder.flush(); // the header: whatever is killed leaves a file that says what it is
  function flushLate(): void {
    timer = undefined;
    try {
      encoder.flush();
    } catch (error) {
      failure = error; // told to whoever writes next
    }
  }
  return {
    write(event) {
      if (failure !== undefined) throw failure;
      encoder.write(event);
      timer ??= setTimeout(flushLate, PORTION.ageMs).unref();
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      try {
        if (failure !== undefined) throw failure;
        encoder.end();
      } finally {
        closeSync(file);
      }
    },
  };
}

/** The whole text of a trace. */
export function encodeTrace({ isRedacted, events }: Trace): string {
  const written = createTraceText(!isRedacted);
  for (const event of events) written.write(event);
  return written.text();
}

/** A trace in memory that grows. */
export interface TraceText {
  readonly write: TraceSink;
  readonly events: number;
  /** Of what was written so far. */
  readonly chars: number;
  /** With its end, as a file has it. */
  text(): string;
}

export function createTraceText(withSecrets: boolean): TraceText {
  const parts: string[] = [];
  let chars = 0;
  const encoder = createEncoder(withSecrets, (text) => {
    parts.push(text);
    chars += text.length;
  });
  return {
    write: encoder.write,
    get events() {
      return encoder.count;
    },
    get chars() {
      return chars;
    },
    text() {
      encoder.flush();
      return `${parts.join('')}${encoder.lastLine()}`;
    },
  };
}

/** As it goes over a line. */
export const packedTrace = (text: string): Uint8Array => gzipSync(text);

function createEncoder(withSecrets: boolean, put: (text: string) => void) {
  const hash = createHash('sha256');
  let waiting: string[] = [];
  let size = 0;
  let lines = 0;
  let count = 0;

  function flush(): void {
    if (lines === 0) return;
    const portion = waiting.join('');
    hash.update(portion);
    put(portion);
    waiting = [];
    size = 0;
    lines = 0;
  }

  function line(text: string): void {
    waiting.push(text, '\n');
    size += text.length + 1;
    lines += 1;
    if (size >= PORTION.chars || lines >= PORTION.events) flush();
  }

  line(JSON.stringify({ format: FORMAT, version: VERSION, redacted: !withSecrets }));
  return {
    write(event: TraceEvent): void {
      count += 1;
      line(encodeEvent(withSecrets ? event : redacted(event)));
    },
    get count() {
      return count;
    },
    flush,
    /** Of all that was flushed. */
    lastLine: () => `${JSON.stringify(['whole', count, hash.copy().digest('hex')])}\n`,
    end(): void {
      flush();
      put(this.lastLine());
    },
  };
}

export interface ReadTrace extends Trace {
  /** False where its end is missing. */
  readonly isWhole: boolean;
}

/**
 * @param isPartial takes the whole turns of a trace whose recording was not finished
 * @throws TraceFileError for what is no whole trace; an error of the file system
 */
export function readTraceFile(path: string, isPartial = false): ReadTrace {
  return decodeTrace(unpacked(readFileSync(path)), isPartial);
}

function unpacked(content: Buffer): Buffer {
  if (!content.subarray(0, GZIP.length).equals(GZIP)) return content;
  try {
    // What is cut short gives what is there, and the missing end is found further on.
    const maxOutputLength = UNPACKED_SIZE_MAX;
    return gunzipSync(content, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength });
  } catch (error) {
    throw new TraceFileError(
      'damaged',
      `The trace cannot be unpacked: ${(error as Error).message}.`,
    );
  }
}

/** The same of the bytes of a file that is not compressed. */
export function decodeTrace(content: Buffer, isPartial = false): ReadTrace {
  if (content.length === 0)
    throw new TraceFileError(
      'foreign',
      'The file is empty: its recording was ended before anything was written.',
    );
  const lines = linesOf(content);
  const [head] = lines.next().value ?? [''];
  const isRedacted = readHead(head);
  const events: TraceEvent[] = [];
  for (const [line, end] of lines) {
    if (line.startsWith('["whole"')) {
      checkEnd(line, content.subarray(0, end - Buffer.byteLength(line)), events.length);
      if (end + 1 < content.length)
        throw new TraceFileError('damaged', 'Something stands behind the end of the trace.');
      return { isRedacted, events, isWhole: true };
    }
    const event = readLine(line, events.length + 2, end >= content.length);
    if (event !== undefined) events.push(event);
  }
  const isTurnEnd = ({ kind }: TraceEvent): boolean => kind === 'end' || kind === 'stop';
  if (isPartial) {
    const turns = events.slice(0, events.findLastIndex(isTurnEnd) + 1);
    return { isRedacted, events: turns, isWhole: false };
  }
  throw new TraceFileError(
    'unfinished',
    `The trace ends behind event ${events.length} without its end: the recording was not finished, or the file was cut.`,
  );
}

/** Lines with the place where each ends. */
function* linesOf(content: Buffer): Generator<readonly [line: string, end: number], undefined> {
  let start = 0;
  while (start < content.length) {
    const found = content.indexOf(0x0a, start);
    const end = found < 0 ? content.length : found;
    yield [content.toString('utf8', start, end), end];
    start = end + 1;
  }
  return undefined;
}

/** @returns whether it is redacted */
function readHead(line: string): boolean {
  const head = parsedHead(line);
  if (head?.['format'] !== FORMAT) throw new TraceFileError('foreign', 'This file is no trace.');
  const { version, redacted: isRedacted } = head;
  if (typeof version === 'number' && version > VERSION)
    throw new TraceFileError(
      'newer',
      `The trace is of format ${version}, written by a newer version of this program, which reads ${VERSION}.`,
    );
  if (version !== VERSION || typeof isRedacted !== 'boolean')
    throw new TraceFileError('damaged', 'The header of the trace is damaged.');
  return isRedacted;
}

function parsedHead(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // whatever it is, it is none of ours
  }
}

/** Undefined for the rest of a line in whose middle the file ends. */
function readLine(line: string, number: number, isLast: boolean): TraceEvent | undefined {
  try {
    return decodeEvent(line);
  } catch (error) {
    if (!(error instanceof LineError)) throw error;
    if (isLast) return undefined;
    throw new TraceFileError(
      'damaged',
      `Line ${number} of the trace is damaged: ${error.message}.`,
    );
  }
}

function checkEnd(line: string, before: Buffer, count: number): void {
  const digest = createHash('sha256').update(before).digest('hex');
  if (line !== JSON.stringify(['whole', count, digest]))
    throw new TraceFileError(
      'damaged',
      'The trace is not what was recorded: its digest is another.',
    );
}
