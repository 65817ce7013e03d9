/** Journal and security log used together as the firmware's `commit` uses them, on a small flash in this process. */

import { nodeCrypto } from '#driver/node-crypto';
import type { FlashDevice } from '#emulator/flash';
import { flashLayout } from '#firmware/flash-layout';
import type { Journal } from '#firmware/journal';
import {
  type LogEntry,
  type LogState,
  openSecurityLog,
  type SecurityLog,
} from '#firmware/security-log';
import {
  EMPTY_LOG,
  LOG_CHAIN_SIZE,
  LOG_RECORD_SIZE,
  type LogPosition,
  type LogRecord,
  verifyLogExport,
} from '#protocol/documents/security-log';
import { powerUp, smallFlash } from './firmware-flash.ts';

/** Places of the small flash: three sectors. */
export const LOG_PLACES = 3 * 64;

/** What is open while power is on. */
export interface Kept {
  readonly journal: Journal;
  readonly log: SecurityLog;
}

const stateOf = ({ journal: { state } }: Pick<Kept, 'journal'>): LogState => ({
  count: state.logCount,
  head: state.logHead,
  acknowledged: state.logAcknowledged,
});

/** What power-up does. @throws Fault `logDamaged` */
export function powerUpKept(flash: FlashDevice): Kept {
  const journal = powerUp(flash);
  const { powerCount } = journal.state;
  const log = openSecurityLog(
    flash,
    flashLayout(flash),
    nodeCrypto,
    stateOf({ journal }),
    powerCount,
  );
  return { journal, log };
}

/** An event that only the log tells: one transaction of log record and state record. @returns its number */
export function note(kept: Kept, a = 0, entry: LogEntry = { event: 'reprinted', a }): number {
  const { journal, log } = kept;
  const { count, head } = log.write(stateOf(kept), entry, 1_000 + a);
  journal.append('note', { ...journal.state, logCount: count, logHead: head });
  journal.sync();
  return count;
}

/** The authority has the records up to a number. */
export function acknowledgeTo({ journal }: Kept, logAcknowledged: number): void {
  journal.append('inspection', { ...journal.state, logAcknowledged });
  journal.sync();
}

export const countOf = ({ journal }: Kept): number => journal.state.logCount;
export const freeOf = (kept: Kept): number => kept.log.free(stateOf(kept));

/** The records behind a position as they are exported, their chain verified up to the one that the journal names. */
export function chainedRecords(kept: Kept, since: LogPosition = EMPTY_LOG): readonly LogRecord[] {
  const { count, head } = stateOf(kept);
  const { from, records } = kept.log.read(stateOf(kept), since.count + 1, LOG_PLACES);
  if (records.length > 0 && from !== since.count + 1)
    throw new Error(`record ${from} is the first`);
  const read = verifyLogExport(nodeCrypto, since, { count, head }, records);
  if (!read.ok) throw new Error(`the log is refused: ${read.status}`);
  return read.value;
}

/** Where the log stood behind a record that is still there. */
export function positionAt(kept: Kept, count: number): LogPosition {
  if (count === 0) return EMPTY_LOG;
  const { records } = kept.log.read(stateOf(kept), count, 1);
  return { count, head: records.slice(LOG_RECORD_SIZE - LOG_CHAIN_SIZE) };
}

/** What the records behind a position say of themselves; see {@link filled}. */
export const numbers = (kept: Kept, since?: LogPosition): number[] =>
  chainedRecords(kept, since).map(({ a }) => a);

export const counting = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** A log with records 1, 2, 3 and so on, of which each says its number. */
export function filled(many: number, flash = smallFlash()): { kept: Kept; flash: FlashDevice } {
  const kept = powerUpKept(flash);
  for (const a of counting(1, many)) note(kept, a);
  return { kept, flash };
}
