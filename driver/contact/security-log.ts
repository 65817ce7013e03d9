/** The security log of a meter as a host reads it: record by record, or as bytes for an inspection (requirements.md A9, G6). */

import { joinBytes } from '#protocol/bytes';
import { LOG_RECORD_SIZE, type LogRecord, readLogRecord } from '#protocol/documents/security-log';
import { LinkError } from '../errors.ts';
import type { Meter } from '../meter.ts';
import type { CallOptions } from '../session.ts';

type LoggingMeter = Pick<Meter, 'address' | 'readLog'>;

/** Records of 64 bytes, one behind the other, and the number of the first. */
export interface LogPart {
  readonly from: number;
  readonly records: Uint8Array;
}

/** Where the reading of a log begins and ends. */
export interface LogRange {
  /** Number of the first record; the oldest that is there unless given, and where it is gone. */
  readonly from?: number | undefined;
  /** Number of the last one; the last that is there unless given. */
  readonly to?: number | undefined;
}

/** Reads the log part by part, as the meter gives it. In a session. @throws RefusedError, LinkError */
async function* readLogParts(
  meter: LoggingMeter,
  { from = 1, to = Number.MAX_SAFE_INTEGER }: LogRange = {},
  options: CallOptions = {},
): AsyncGenerator<LogPart> {
  for (let next = from; next <= to; ) {
    const part = await meter.readLog(next, options);
    const count = Math.min(part.records.length / LOG_RECORD_SIZE, to - part.from + 1);
    if (count <= 0) return;
    if (part.from < next || !Number.isInteger(count)) throw senseless(meter.address);
    yield { from: part.from, records: part.records.subarray(0, count * LOG_RECORD_SIZE) };
    next = part.from + count;
  }
}

/** The same as one piece of bytes, empty where there are no records. */
export async function exportLog(
  meter: LoggingMeter,
  range: LogRange = {},
  options: CallOptions & { readonly onProgress?: (records: number) => void } = {},
): Promise<LogPart> {
  const parts: Uint8Array[] = [];
  let first: number | undefined;
  let count = 0;
  for await (const { from, records } of readLogParts(meter, range, options)) {
    first ??= from;
    parts.push(records);
    count += records.length / LOG_RECORD_SIZE;
    options.onProgress?.(count);
  }
  return { from: first ?? range.from ?? 1, records: joinBytes(...parts) };
}

/** The records of an export, in their order. */
export async function* readLogRecords(
  meter: LoggingMeter,
  range: LogRange = {},
  options: CallOptions = {},
): AsyncGenerator<LogRecord> {
  for await (const { records } of readLogParts(meter, range, options))
    for (let at = 0; at < records.length; at += LOG_RECORD_SIZE) {
      const read = readLogRecord(records.subarray(at, at + LOG_RECORD_SIZE));
      if (!read.ok) throw senseless(meter.address);
      yield read.value;
    }
}

function senseless(address: string): LinkError {
  return new LinkError({
    stage: 'session',
    address,
    what: 'what came as the security log is none',
    advice: 'The meter is of another protocol version: update the driver.',
  });
}
