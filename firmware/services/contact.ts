/**
 * What the authority and the provider do to a meter from afar: inspection, lock orders, the time (requirements.md A8, A9,
 * G9; domain.md R24-R27). Each document is signed and sequenced or bound to a challenge, so that the host only carries it.
 */

import { equalBytes } from '#protocol/bytes';
import type { RequestOf, ResponseOf } from '#protocol/command';
import { signInspectionReport, verifyAcknowledgement } from '#protocol/documents/inspection';
import { lockActions, verifyClockSetting, verifyLockOrder } from '#protocol/documents/orders';
import { ok, type Result, refuse } from '#protocol/result';
import { lockReasonNames } from '#protocol/state';
import { checkLog, locksOf } from '../condition.ts';
import {
  commit,
  type Device,
  hasEnded,
  logStateOf,
  nowMs,
  rateTablesOf,
  stamped,
  withDeviceKey,
} from '../device.ts';
import { twice } from '../double-check.ts';
import { aside, registersOf } from '../registers.ts';
import { driftMsMax } from '../secure-clock.ts';

const CHALLENGE_SIZE = 16;
/** How long the answer to a clock challenge may be under way, milliseconds: as much the time may be late. */
const CLOCK_ANSWER_MS_MAX = 60_000;

export function inspectionReport(
  device: Device,
  { challenge }: RequestOf<'inspectionReport'>,
): Result<ResponseOf<'inspectionReport'>> {
  const fields = reportFields(device, challenge);
  device.inspectionChallenge = challenge.slice();
  const report = withDeviceKey(device, (key, crypto) => signInspectionReport(crypto, key, fields));
  return ok({ report });
}

function reportFields(device: Device, challenge: Uint8Array) {
  const { content, journal, image, documents } = device;
  const { state } = journal;
  const { current, next } = rateTablesOf(device);
  return {
    meterId: content.meterId,
    challenge,
    timeMs: nowMs(device),
    lifeCycle: state.lifeCycle,
    locks: locksOf(device),
    imageVersion: image.version,
    imageDigest: image.digest,
    registers: registersOf(state, documents.licence),
    journalSequence: state.sequence,
    auditHead: state.auditHead,
    logCount: state.logCount,
    logHead: state.logHead,
    logAcknowledged: state.logAcknowledged,
    powerCount: state.powerCount,
    userTries: state.userTries,
    officerTries: state.officerTries,
    contactMs: state.contactMs,
    clockSetMs: state.clockSetMs,
    lockSequence: state.lockSequence,
    licenceSequence: documents.licence?.sequence ?? 0,
    rateVersion: (next ?? current)?.version ?? 0,
  };
}

/** R25. An answer without a trusted clock still frees the security log, or a full one could lock the meter for good. */
export function acknowledgeInspection(
  device: Device,
  { acknowledgement }: RequestOf<'acknowledgeInspection'>,
): Result<ResponseOf<'acknowledgeInspection'>> {
  const { crypto, content, inspectionChallenge: challenge, journal } = device;
  const asked = { meterId: content.meterId, challenge };
  const read = twice(() =>
    verifyAcknowledgement(crypto, content.authorityKey, acknowledgement, asked),
  );
  if (!read.ok) return read;
  const { logCount } = read.value;
  const { logAcknowledged, logCount: written, contactMs } = journal.state;
  if (logCount < logAcknowledged || logCount > written) return refuse('documentMismatch');
  if (!hasReached(device, logCount, read.value.logHead)) return refuse('documentMismatch');
  const changes = {
    logAcknowledged: logCount,
    contactMs: Math.max(contactMs, nowMs(device)),
  };
  commit(device, 'inspection', aside(stamped(device), changes));
  device.inspectionChallenge = undefined;
  return ok({});
}

/** Whether the log had this chain behind its record of this number. */
function hasReached(device: Device, count: number, head: Uint8Array): boolean {
  const { state } = device.journal;
  if (count === state.logCount) return equalBytes(head, state.logHead);
  if (count === state.logAcknowledged) return true; // nothing new is acknowledged
  return equalBytes(device.log.chainAt(count), head);
}

export function applyLockOrder(
  device: Device,
  { order }: RequestOf<'applyLockOrder'>,
): Result<ResponseOf<'applyLockOrder'>> {
  const { crypto, content, journal } = device;
  const { lockSequence, locks } = journal.state;
  const read = twice(() => {
    const signed = verifyLockOrder(crypto, content.authorityKey, order, content.meterId);
    if (!signed.ok) return signed;
    return signed.value.sequence > lockSequence ? signed : refuse('documentOutdated');
  });
  if (!read.ok) return read;
  const { sequence, action, reason } = read.value;
  const room = checkLog(device);
  if (!room.ok) return room;
  const changes = {
    locks: {
      ...locks,
      locked: action !== 'unlock',
      revoked: locks.revoked || action === 'revoke',
    },
    lockReason: action === 'unlock' ? ('none' as const) : reason,
    lockSequence: sequence,
  };
  const figures = {
    a: sequence,
    b: lockActions.indexOf(action),
    c: lockReasonNames.indexOf(reason),
  };
  commit(device, 'lock', aside(stamped(device), changes), { event: 'locked', ...figures });
  return ok({});
}

export function challengeClock(device: Device): Result<ResponseOf<'challengeClock'>> {
  const { crypto, hardware } = device;
  const bytes = crypto.randomBytes(CHALLENGE_SIZE);
  device.clockChallenge = { bytes, untilMs: hardware.clock.ticksMs() + CLOCK_ANSWER_MS_MAX };
  return ok({ challenge: bytes });
}

export function setClock(
  device: Device,
  { setting }: RequestOf<'setClock'>,
): Result<ResponseOf<'setClock'>> {
  const { crypto, content, documents, hardware, clockChallenge, journal } = device;
  const isLate = clockChallenge !== undefined && hardware.clock.ticksMs() > clockChallenge.untilMs;
  const challenge = isLate ? undefined : clockChallenge?.bytes;
  const issuers = [
    content.authorityKey,
    ...(documents.licence ? [documents.licence.providerKey] : []),
  ];
  const asked = { meterId: content.meterId, challenge };
  const { state } = journal;
  const before = nowMs(device);
  const read = twice(() => {
    const signed = verifyClockSetting(crypto, issuers, setting, asked);
    if (!signed.ok) return signed;
    const { timeMs } = signed.value;
    if (timeMs < state.timeMs) return refuse('clockSetBack', state.timeMs - timeMs);
    const most = driftMsMax(before - state.clockSetMs);
    const isFarOff = before > 0 && Math.abs(timeMs - before) > most;
    return isFarOff ? refuse('clockDriftTooLarge', most) : signed;
  });
  if (!read.ok) return read;
  const { timeMs } = read.value;
  // the way out of a wrong clock may use the reserve: a full log must not keep the meter from ever being right again
  if (device.log.free(logStateOf(device)) === 0) return refuse('logFull');
  device.clockChallenge = undefined;
  const changes = {
    timeMs,
    clockSetMs: timeMs,
    locks: { ...state.locks, clockFault: false },
  };
  const entry = { event: 'clockSet', a: before, b: timeMs } as const;
  commit(device, 'clock', aside(stamped(device), changes), entry);
  device.clock.set(timeMs); // where power fails before it, the clock is behind the record, and not trusted
  return ok({});
}

/**
 * R27: what went wrong with the clock stays on record until somebody sets it. To be called before each request.
 *
 * Where the log takes no more, a fault is not written down: the time is not trusted until power is off, and nothing is
 * produced before the log is exported.
 */
export function checkClock(device: Device): void {
  nowMs(device);
  const { faultMs } = device.clock;
  const { state } = device.journal;
  const isInUse = state.contactMs > 0 && !hasEnded(device); // before that the maker may set it as he likes
  if (faultMs === undefined || state.locks.clockFault || !isInUse) return;
  if (device.log.free(logStateOf(device)) === 0) return;
  const changes = { locks: { ...state.locks, clockFault: true } };
  const entry = { event: 'clockFault', a: faultMs, b: state.timeMs } as const;
  commit(device, 'clock', aside(stamped(device), changes), entry);
}
