/**
 * What keeps a meter from producing value, and what soon will (requirements.md A8; domain.md R9, R24-R30): each lock with
 * its own refusal, which names the way out. A locked meter still answers status, inspection and refill (R26).
 */

import type { Condition } from '#protocol/command-layouts';
import { addDays, dateOf } from '#protocol/documents/date';
import type { Licence } from '#protocol/documents/licence';
import { ok, type Result, refuse } from '#protocol/result';
import { type LockName, lockReasonNames } from '#protocol/state';
import { type Device, logStateOf, nowMs, rateTablesOf } from './device.ts';
import { invariant } from './fault.ts';
import { LOG_RESERVE } from './security-log.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A quality print is due every three months (requirements.md C5). */
const QUALITY_DAYS = 91;
/** How many days before its end a document is told to expire. */
const EXPIRY_WARNING_DAYS = 30;
/** Free records of the security log, below which it counts as almost full. */
const LOG_WARNING = 64;

export type Locks = Readonly<Record<LockName, boolean>>;

/** When the inspection is due and overdue; 0 where the meter is not licensed. */
function inspectionTimes(device: Device): { readonly dueMs: number; readonly lockMs: number } {
  const { licence } = device.documents;
  const { contactMs } = device.journal.state;
  if (licence === undefined || contactMs === 0) return { dueMs: 0, lockMs: 0 };
  return {
    dueMs: contactMs + licence.inspectionWarnHours * HOUR_MS,
    lockMs: contactMs + licence.inspectionLockHours * HOUR_MS,
  };
}

function isLogFull(device: Device): boolean {
  return device.log.free(logStateOf(device)) < LOG_RESERVE;
}

export function locksOf(device: Device): Locks {
  const { locks } = device.journal.state;
  const { licence } = device.documents;
  const time = nowMs(device);
  const { lockMs } = inspectionTimes(device);
  return {
    clockNotTrusted: time === 0,
    clockFault: locks.clockFault,
    inspectionOverdue: lockMs > 0 && time >= lockMs,
    locked: locks.locked,
    revoked: locks.revoked,
    licenceExpired: licence !== undefined && time > 0 && dateOf(time) > licence.validTo,
    logFull: isLogFull(device),
  };
}

/** Whether value may be produced now. The refusal is the gravest reason against it. */
export function checkUnlocked(device: Device): Result<undefined> {
  const { lockReason } = device.journal.state;
  const locks = locksOf(device);
  if (locks.revoked) return refuse('revoked');
  if (locks.locked) return refuse('locked', lockReasonNames.indexOf(lockReason));
  if (locks.clockFault) return refuse('clockFault');
  if (locks.clockNotTrusted) return refuse('clockNotTrusted');
  if (locks.licenceExpired) return refuse('licenceExpired');
  if (locks.inspectionOverdue) {
    const overdueMs = nowMs(device) - inspectionTimes(device).lockMs;
    return refuse('inspectionOverdue', Math.floor(overdueMs / HOUR_MS));
  }
  if (locks.logFull) return refuse('logFull');
  return ok(undefined);
}

/** Whether an event can be written down before it happens: a service stops rather than lose a record (R45). */
export function checkLog(device: Device): Result<undefined> {
  return isLogFull(device) ? refuse('logFull') : ok(undefined);
}

export function conditionOf(device: Device): Condition {
  const { journal, documents, log } = device;
  const { state } = journal;
  const { licence } = documents;
  const { dueMs, lockMs } = inspectionTimes(device);
  const tables = rateTablesOf(device);
  return {
    locks: locksOf(device),
    warnings: warningsOf(device, licence, dueMs),
    inspectionDueMs: dueMs,
    inspectionLockMs: lockMs,
    qualityDueMs: qualityDueMs(device),
    clockSetMs: state.clockSetMs,
    lockSequence: state.lockSequence,
    lockReason: state.lockReason,
    logCount: state.logCount,
    logAcknowledged: state.logAcknowledged,
    logFree: Math.max(0, log.free(logStateOf(device)) - LOG_RESERVE + 1),
    licenceSequence: licence?.sequence ?? 0,
    rateVersion: tables.current?.version ?? 0,
    nextRateVersion: tables.next?.version ?? 0,
  };
}

function qualityDueMs({ journal: { state } }: Device): number {
  return state.qualityMs === 0 ? 0 : state.qualityMs + QUALITY_DAYS * DAY_MS;
}

function warningsOf(
  device: Device,
  licence: Licence | undefined,
  dueMs: number,
): Condition['warnings'] {
  const { state } = device.journal;
  const time = nowMs(device);
  const soon = time === 0 ? 0 : addDays(dateOf(time), EXPIRY_WARNING_DAYS);
  const ends = (validTo: number | undefined): boolean => validTo !== undefined && validTo < soon;
  const tables = rateTablesOf(device);
  const qualityMs = qualityDueMs(device);
  return {
    lowFunds:
      licence !== undefined &&
      licence.accountKind !== 'current' &&
      state.descending < licence.lowFunds,
    inspectionDue: dueMs > 0 && time >= dueMs,
    qualityPrintDue: qualityMs > 0 && time >= qualityMs,
    logAlmostFull: device.log.free(logStateOf(device)) < LOG_WARNING,
    refillPending: state.refillPending > 0,
    certificateExpiring: ends(device.documents.indiciumCertificate?.validTo),
    licenceExpiring: ends(licence?.validTo),
    rateTableExpiring: tables.next === undefined && ends(tables.current?.validTo),
  };
}

/** The licence of a meter that has one: the command table asks for it before a service that needs it. */
export function licenceOf(device: Device): Licence {
  const { licence } = device.documents;
  invariant(licence !== undefined);
  return licence;
}
