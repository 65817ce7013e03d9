/**
 * Refill: a signed request, a signed answer, credited exactly once (requirements.md B6, B7; domain.md R12-R16, R20). What is
 * bought, what comes back for spoilage, and what a current account settles all go this way.
 */

import { equalBytes } from '#protocol/bytes';
import type { RequestOf, ResponseOf } from '#protocol/command';
import {
  matchRefill,
  type PendingRefill,
  type RefillRequest,
  refillKinds,
  signRefillRequest,
  verifyRefillAuthorisation,
} from '#protocol/documents/refill';
import type { Mills } from '#protocol/mills';
import { ok, type Result, refuse } from '#protocol/result';
import { checkLog, licenceOf } from '../condition.ts';
import { commit, type Device, nowMs, stamped, withDeviceKey } from '../device.ts';
import { twice } from '../double-check.ts';
import type { MeterState } from '../journal-record.ts';
import { beginRefill, endRefill, isSameValue, type RefillWish, registersOf } from '../registers.ts';
import type { LogEntry } from '../security-log.ts';

const NONCE_SIZE = 8;

/** The account that a refill is for, as the documents tell it. */
function accountOf({
  journal: { state },
}: Device): Pick<RefillRequest, 'ascending' | 'descending'> {
  if (state.refillAccount === 'certificate')
    return { ascending: state.certificateAscending, descending: state.certificateDescending };
  return { ascending: state.ascending, descending: state.descending };
}

export function refillRequest(
  device: Device,
  wish: RequestOf<'refillRequest'>,
): Result<ResponseOf<'refillRequest'>> {
  const { state } = device.journal;
  if (state.locks.revoked) return refuse('revoked');
  if (nowMs(device) === 0) return refuse('clockNotTrusted');
  if (state.refillPending > 0 && !isPending(device, wish))
    return refuse('refillPending', state.refillPending);
  if (state.refillPending === 0) {
    const nonce = device.crypto.randomBytes(NONCE_SIZE);
    const next = twice(() => begun(device, wish, nonce), isSameValue);
    if (!next.ok) return next;
    const entry = entryOf('refillRequested', next.value, wish.amount);
    commit(device, 'refillRequest', next.value, entry);
  }
  return ok({ request: signedRequest(device) });
}

function begun(device: Device, wish: RefillWish, nonce: Uint8Array): Result<MeterState> {
  const room = checkLog(device);
  return room.ok ? beginRefill(stamped(device), licenceOf(device), wish, nonce) : room;
}

function isPending({ journal: { state } }: Device, wish: RequestOf<'refillRequest'>): boolean {
  return (
    state.refillPending === wish.amount &&
    state.refillKind === wish.kind &&
    state.refillAccount === wish.account
  );
}

function entryOf(
  event: 'refillRequested' | 'refilled',
  { refillSequence, refillKind }: MeterState,
  amount: Mills,
): LogEntry {
  return { event, a: amount, b: refillSequence, c: refillKinds.indexOf(refillKind) };
}

function signedRequest(device: Device): Uint8Array {
  const { journal, content } = device;
  const { pieceCount, refillSequence, refillNonce, refillPending, refillKind, refillAccount } =
    journal.state;
  const fields = {
    meterId: content.meterId,
    sequence: refillSequence,
    nonce: refillNonce,
    kind: refillKind,
    account: refillAccount,
    amount: refillPending,
    ...accountOf(device),
    pieceCount,
    timeMs: nowMs(device),
  };
  return withDeviceKey(device, (key, crypto) => signRefillRequest(crypto, key, fields));
}

function pendingRefill(device: Device): PendingRefill {
  const { refillSequence, refillNonce, refillPending, refillKind, refillAccount } =
    device.journal.state;
  const { ascending, descending } = accountOf(device);
  return {
    meterId: device.content.meterId,
    sequence: refillSequence,
    nonce: refillNonce,
    kind: refillKind,
    account: refillAccount,
    amount: refillPending,
    controlSum: ascending + descending,
  };
}

export function refillCommit(
  device: Device,
  request: RequestOf<'refillCommit'>,
): Result<ResponseOf<'refillCommit'>> {
  const isSame = (first: Settled, second: Settled): boolean =>
    first.isRepeated === second.isRepeated && isSameValue(first.next, second.next);
  const settled = twice(() => settledBy(device, request.authorisation), isSame);
  if (!settled.ok) return settled;
  const { isRepeated, credited, next } = settled.value;
  if (!isRepeated) commit(device, 'refillCommit', next, entryOf('refilled', next, credited));
  return ok({ credited, registers: registersOf(device.journal.state, licenceOf(device)) });
}

/** What an authorisation makes of the registers; where it was credited before, they stay. */
interface Settled {
  readonly isRepeated: boolean;
  readonly credited: Mills;
  readonly next: MeterState;
}

function settledBy(device: Device, bytes: Uint8Array): Result<Settled> {
  const { journal, crypto, content } = device;
  const { providerKey } = licenceOf(device);
  const read = verifyRefillAuthorisation(crypto, providerKey, bytes);
  if (!read.ok) return read;
  const { meterId, sequence, nonce, amount } = read.value;
  const { refillSequence, refillNonce, refillPending } = journal.state;
  const isRepeated =
    refillPending === 0 &&
    equalBytes(meterId, content.meterId) &&
    sequence === refillSequence &&
    equalBytes(nonce, refillNonce);
  if (isRepeated) return ok({ isRepeated, credited: amount, next: journal.state });
  if (refillPending === 0) return refuse('noRefillPending');
  const matched = matchRefill(read.value, pendingRefill(device));
  if (!matched.ok) return matched;
  const room = checkLog(device);
  if (!room.ok) return room;
  const ended = endRefill(stamped(device), amount);
  const next = amount > 0 ? contacted(device, ended) : ended;
  return ok({ isRepeated, credited: amount, next });
}

/** R25: a refill resets the inspection timer; only by a clock that is trusted. */
function contacted(device: Device, state: MeterState): MeterState {
  return { ...state, contactMs: Math.max(state.contactMs, nowMs(device)) };
}
