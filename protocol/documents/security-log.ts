/**
 * The records of the security log: what happened to a meter beside the pieces it made, each chained to the one before, so
 * that none can be changed, left out or put in unnoticed (requirements.md A9, G6; domain.md R45, R46).
 */

import * as P from 'micro-packed';
import { equalBytes, joinBytes } from '../bytes.ts';
import type { Crypto } from '../crypto.ts';
import { oneOf, u32, u48 } from '../fields.ts';
import { ok, type Result, refuse } from '../result.ts';
import { decodeDocument, exactly, reserved } from './document-fields.ts';

/** What happened, in the order of the numbers; what the figures of each mean is in log-meaning.ts. */
export const logEventNames = [
  'made',
  'licensed',
  'rateTable',
  'refillRequested',
  'refilled',
  'withdrawalRequested',
  'withdrawalRefused',
  'corrected',
  'redated',
  'reprinted',
  'qualityPrint',
  'passwordWrong',
  'passwordChanged',
  'locked',
  'clockSet',
  'clockFault',
  'imageLoaded',
  'selfTestFailed',
  'authorityKey',
  'hostKeyChanged',
  'keysRenewed',
  'keyInstalled',
  'keyRevoked',
  'keyImported',
] as const;
export type LogEventName = (typeof logEventNames)[number];

export interface LogRecord {
  readonly event: LogEventName;
  /** Number of this record, from 1. */
  readonly count: number;
  /** Secure clock, milliseconds since 1970-01-01 UTC; 0 where it was not trusted. */
  readonly timeMs: number;
  /** Figures, whose meaning depends on the event; 0 where they have none. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

const LOG_VERSION = 1;
export const LOG_RECORD_SIZE = 64;
export const LOG_CHAIN_SIZE = 16;
const LOG_BODY_SIZE = LOG_RECORD_SIZE - LOG_CHAIN_SIZE;

/** The fields in order, for the specification too; the chain stands behind them. */
export const logRecordFields = {
  event: oneOf(logEventNames),
  version: exactly(LOG_VERSION),
  count: u32,
  timeMs: u48,
  a: u48,
  b: u48,
  c: u48,
  spare: reserved(18),
};
const body = P.struct(logRecordFields);

/** Encodes a record behind the chain of the one before; 64 bytes. @throws Error where a field does not fit: a bug */
export function encodeLogRecord(
  crypto: Crypto,
  chainBefore: Uint8Array,
  record: LogRecord,
): Uint8Array {
  const encoded = body.encode({ ...record, version: LOG_VERSION, spare: new Uint8Array(18) });
  return joinBytes(encoded, chainOf(crypto, chainBefore, encoded));
}

/** The chain that a record has reached: 16 bytes of SHA-256 over the chain before and the record. */
function chainOf(crypto: Crypto, before: Uint8Array, encoded: Uint8Array): Uint8Array {
  return crypto.sha256(before, encoded).slice(0, LOG_CHAIN_SIZE);
}

/** The chain in 64 bytes of a record. */
export const logChain = (bytes: Uint8Array): Uint8Array => bytes.subarray(LOG_BODY_SIZE);

/** Whether a record follows on a chain. */
export function followsLog(crypto: Crypto, before: Uint8Array, bytes: Uint8Array): boolean {
  return equalBytes(chainOf(crypto, before, bytes.subarray(0, LOG_BODY_SIZE)), logChain(bytes));
}

/** The record in 64 bytes; its chain is for {@link followsLog}. Refusal: `documentMalformed`. */
export function readLogRecord(bytes: Uint8Array): Result<LogRecord> {
  if (bytes.length !== LOG_RECORD_SIZE) return refuse('documentMalformed');
  const read = decodeDocument(body, bytes.subarray(0, LOG_BODY_SIZE));
  if (!read.ok) return read;
  const { event, count, timeMs, a, b, c } = read.value;
  return ok({ event, count, timeMs, a, b, c });
}

/** Where a log stands: how many records, and the chain they reached. */
export interface LogPosition {
  readonly count: number;
  readonly head: Uint8Array;
}

/** The chain of a log without records. */
export const EMPTY_LOG: LogPosition = { count: 0, head: new Uint8Array(LOG_CHAIN_SIZE) };

/**
 * Reads an export of a log from one position to another, and checks that nothing is missing, changed or out of order.
 * @param exported records of 64 bytes, one behind the other
 * Refusals: `documentMalformed` · `documentMismatch` where it does not lead from the one to the other.
 */
export function verifyLogExport(
  crypto: Crypto,
  from: LogPosition,
  to: LogPosition,
  exported: Uint8Array,
): Result<readonly LogRecord[]> {
  if (exported.length % LOG_RECORD_SIZE !== 0) return refuse('documentMalformed');
  const records: LogRecord[] = [];
  let { count, head } = from;
  for (let at = 0; at < exported.length; at += LOG_RECORD_SIZE) {
    const bytes = exported.subarray(at, at + LOG_RECORD_SIZE);
    const record = readLogRecord(bytes);
    if (!record.ok) return record;
    count += 1;
    if (record.value.count !== count || !followsLog(crypto, head, bytes))
      return refuse('documentMismatch');
    head = logChain(bytes);
    records.push(record.value);
  }
  return count === to.count && equalBytes(head, to.head) ? ok(records) : refuse('documentMismatch');
}
