/**
 * The security logs of meters as the authority holds them: each record once, in order, never changed, and each export judged
 * against what the meter signed and what was handed in before (requirements.md A9, G6; domain.md R46).
 */

import { equalBytes } from '#protocol/bytes';
import type { Crypto } from '#protocol/crypto';
import type { InspectionReport } from '#protocol/documents/inspection';
import { formatMeterId } from '#protocol/documents/meter-id';
import {
  EMPTY_LOG,
  LOG_RECORD_SIZE,
  type LogPosition,
  type LogRecord,
  logChain,
  readLogRecord,
  verifyLogExport,
} from '#protocol/documents/security-log';
import { type Check, fail, pass } from './check.ts';
import type { AuthorityContext, AuthorityTransaction } from './context.ts';

/** Bytes of the largest log that a meter holds: eight sectors of 64 records. */
export const LOG_EXPORT_MAX = 8 * 64 * LOG_RECORD_SIZE;
/** At most so many records in one answer. */
export const LOG_RECORDS_LIMIT = 500;

/** An export that is whole and reaches what it must reach; whether it is right is in the check. */
export interface JudgedLog {
  readonly isWhole: true;
  readonly check: Check<'log'>;
  /** Whether what the meter signed proves that it has, or had, another log than this one. */
  readonly isForked: boolean;
  /** Records that are new, 64 bytes each. */
  readonly added: readonly Uint8Array[];
  readonly records: readonly LogRecord[];
}

export interface IncompleteLog {
  readonly isWhole: false;
  /** The numbers that are wanted. */
  readonly from: number;
  readonly to: number;
}

const unchanged = (check: Check<'log'>, isForked = false): JudgedLog => ({
  isWhole: true,
  check,
  isForked,
  added: [],
  records: [],
});

/**
 * Judges an export beside the report that signed where the log stands.
 * @param exported records of 64 bytes; those that are here already are passed over
 * @param isOrdered whether the report was surely made after the last one that was taken
 */
export async function judgeLog(
  crypto: Crypto,
  trx: AuthorityTransaction,
  report: InspectionReport,
  exported: Uint8Array,
  isOrdered: boolean,
): Promise<JudgedLog | IncompleteLog> {
  const meter = formatMeterId(report.meterId);
  const held = await heldLog(trx, meter);
  const told = { count: report.logCount, head: report.logHead };
  if (report.logAcknowledged > held.count)
    return unchanged(fail('log', 'It was acknowledged further than it was handed in.'), true);
  if (told.count <= held.count)
    return unchanged(...(await judgePrefix(trx, meter, held, told, isOrdered)));
  const added = recordsFrom(exported, held.count + 1, told.count);
  if (added === undefined) return { isWhole: false, from: held.count + 1, to: told.count };
  const whole = joined(added);
  const read = verifyLogExport(crypto, held, told, whole);
  if (read.ok) {
    const check = pass('log', 'The log continues what was handed in, without a gap or a change.');
    return { isWhole: true, check, isForked: false, added, records: read.value };
  }
  return unchanged(...judgeBroken(crypto, held, told, added));
}

/** A log that has nothing new must be what was handed in, and may be shorter only in a report that is an older one. */
async function judgePrefix(
  trx: AuthorityTransaction,
  meter: string,
  held: LogPosition,
  told: LogPosition,
  isOrdered: boolean,
): Promise<[Check<'log'>, boolean]> {
  const chain = await chainAt(trx, meter, told.count);
  if (!equalBytes(chain, told.head))
    return [fail('log', 'The log is another one than that which was handed in.'), true];
  if (told.count < held.count && isOrdered)
    return [fail('log', `The log was cut from ${held.count} to ${told.count} records.`), true];
  return [pass('log', 'The log is what was handed in.'), false];
}

/**
 * An export that does not fit. Where it reaches what the meter signed without our last record, the meter signed two logs;
 * otherwise whoever carried it may have changed it.
 */
function judgeBroken(
  crypto: Crypto,
  held: LogPosition,
  told: LogPosition,
  added: readonly Uint8Array[],
): [Check<'log'>, boolean] {
  const first = added[0] as Uint8Array;
  const second = { count: held.count + 1, head: logChain(first) };
  const isOfMeter = verifyLogExport(crypto, second, told, joined(added.slice(1))).ok;
  return isOfMeter
    ? [fail('log', 'The log does not continue the one that was handed in before.'), true]
    : [
        fail('log', 'The chain of the records is broken: one was changed, or is not of this log.'),
        false,
      ];
}

/** The records with these numbers, if the export has all of them in order; undefined where it has not. */
function recordsFrom(
  exported: Uint8Array,
  from: number,
  to: number,
): readonly Uint8Array[] | undefined {
  if (exported.length % LOG_RECORD_SIZE !== 0) return undefined;
  const wanted: Uint8Array[] = [];
  for (let at = 0; at < exported.length; at += LOG_RECORD_SIZE) {
    const bytes = exported.slice(at, at + LOG_RECORD_SIZE);
    const record = readLogRecord(bytes);
    if (!record.ok) return undefined;
    if (record.value.count < from) continue;
    if (record.value.count !== from + wanted.length) return undefined;
    wanted.push(bytes);
  }
  return wanted.length === to - from + 1 ? wanted : undefined;
}

function joined(records: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(records.length * LOG_RECORD_SIZE);
  for (const [place, record] of records.entries()) bytes.set(record, place * LOG_RECORD_SIZE);
  return bytes;
}

async function heldLog(trx: AuthorityTransaction, meter: string): Promise<LogPosition> {
  const { log_count, log_head } = await trx
    .selectFrom('meters')
    .select(['log_count', 'log_head'])
    .where('meter_id', '=', meter)
    .executeTakeFirstOrThrow();
  return { count: log_count, head: log_head };
}

async function chainAt(
  trx: AuthorityTransaction,
  meter: string,
  count: number,
): Promise<Uint8Array> {
  if (count === 0) return EMPTY_LOG.head;
  const { record } = await trx
    .selectFrom('log_records')
    .select('record')
    .where('meter_id', '=', meter)
    .where('count', '=', count)
    .executeTakeFirstOrThrow();
  return logChain(record);
}

/** Keeps the new records of a log that was judged right. */
export async function keepLog(
  { now }: Pick<AuthorityContext, 'now'>,
  trx: AuthorityTransaction,
  meter: string,
  added: readonly Uint8Array[],
): Promise<void> {
  const last = added.at(-1);
  if (last === undefined) return;
  const held = await heldLog(trx, meter);
  const receivedMs = now();
  for (const [place, record] of added.entries())
    await trx
      .insertInto('log_records')
      .values({ meter_id: meter, count: held.count + 1 + place, record, received_ms: receivedMs })
      .execute();
  await trx
    .updateTable('meters')
    .set({ log_count: held.count + added.length, log_head: logChain(last).slice() })
    .where('meter_id', '=', meter)
    .execute();
}

/** Where the log of a meter stands here; the meter must be known. */
export async function logCountOf(trx: AuthorityTransaction, meterId: Uint8Array): Promise<number> {
  return (await heldLog(trx, formatMeterId(meterId))).count;
}

/** The records of a meter after a number, the oldest first. */
export async function listLogRecords(
  { db }: Pick<AuthorityContext, 'db'>,
  { meterId, after }: { readonly meterId: Uint8Array; readonly after: number },
): Promise<readonly (LogRecord & { readonly record: Uint8Array })[]> {
  const rows = await db
    .selectFrom('log_records')
    .select('record')
    .where('meter_id', '=', formatMeterId(meterId))
    .where('count', '>', after)
    .orderBy('count')
    .limit(LOG_RECORDS_LIMIT)
    .execute();
  return rows.map(({ record }) => {
    const read = readLogRecord(record);
    if (!read.ok) throw new Error('the record of a security log is damaged');
    return { ...read.value, record };
  });
}
