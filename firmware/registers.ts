/**
 * The rules of money, as pure functions from one state of the meter to the next (requirements.md B1-B6; domain.md
 * R1-R16). Nothing here reads a clock, a key or the flash.
 */

import type { Registers, RequestId } from '#protocol/command';
import { type Mills, mills } from '#protocol/mills';
import { ok, type Result, refuse } from '#protocol/result';
import { invariant } from './fault.ts';
import { type DebitDetail, type MeterState, NO_DETAIL } from './journal-record.ts';

/** The indicium has 40 bits for the ascending register (domain.md 1.1). */
const ASCENDING_MAX = 0xff_ffff_ffff;

/** How far the counter of a request id may run ahead: a wrong one cannot use up the numbers. */
const REQUEST_COUNTER_STEP_MAX = 0x1_0000;

/** Whether the registers agree with each other: R3, and R2's lower half by their type. */
export function isConsistent(state: MeterState): boolean {
  return state.ascending + state.descending + state.refunded === state.credited;
}

/** R4: nothing is done with registers that contradict each other. */
export function checkConsistent(state: MeterState): void {
  invariant(isConsistent(state), 'registersInconsistent');
}

/**
 * Whether a request id that is not on record may begin a transaction.
 * @returns a refusal where its counter lies behind (its answer is gone) or too far ahead
 */
export function checkFresh(state: MeterState, id: RequestId): Result<undefined> {
  const last = state.requestId.counter;
  if (id.counter <= last) return refuse('requestForgotten');
  if (id.counter > last + REQUEST_COUNTER_STEP_MAX) return refuse('requestIdTooFar', last);
  return ok(undefined);
}

/** Charges the descending register; ascending, piece count and the transaction are one record (R5). */
export function debit(state: MeterState, id: RequestId, detail: DebitDetail): Result<MeterState> {
  checkConsistent(state);
  const { postage } = detail;
  if (postage > state.descending) return refuse('insufficientFunds', postage - state.descending);
  if (state.ascending + postage > ASCENDING_MAX) return refuse('fieldOutOfRange');
  return ok({
    ...state,
    ascending: mills(state.ascending + postage),
    descending: mills(state.descending - postage),
    pieceCount: state.pieceCount + 1,
    requestId: id,
    detail,
  });
}

/** Freezes the amount of a refill under a fresh nonce (R12, R15). The sequence grows with each one. */
export function beginRefill(
  state: MeterState,
  amount: Mills,
  descendingMax: Mills,
  nonce: Uint8Array,
): Result<MeterState> {
  checkConsistent(state);
  if (amount === 0) return refuse('amountInvalid');
  const fits = Math.max(0, descendingMax - state.descending);
  if (amount > fits) return refuse('refillAboveMaximum', fits);
  return ok({
    ...state,
    refillSequence: state.refillSequence + 1,
    refillNonce: nonce,
    refillPending: amount,
    detail: NO_DETAIL,
  });
}

/** Ends the refill under way: credits what the provider authorised, which is all or nothing (R13). */
export function endRefill(state: MeterState, authorised: Mills): MeterState {
  checkConsistent(state);
  return {
    ...state,
    descending: mills(state.descending + authorised),
    credited: mills(state.credited + authorised),
    refillPending: mills(0),
    detail: NO_DETAIL,
  };
}

/** A state that is changed beside the registers; what the last debit was is not repeated in it. */
export function aside(state: MeterState, changes: Partial<MeterState>): MeterState {
  return { ...state, ...changes, detail: NO_DETAIL };
}

/** The state of a device that has never been used. */
export function blankState(): MeterState {
  const zero = mills(0);
  return {
    timeMs: 0,
    lifeCycle: 'blank',
    storeGeneration: 0,
    ascending: zero,
    descending: zero,
    refunded: zero,
    credited: zero,
    certificateAscending: zero,
    certificateDescending: zero,
    pieceCount: 0,
    zeroPieceCount: 0,
    certificatePieceCount: 0,
    refillSequence: 0,
    userTries: 0,
    officerTries: 0,
    requestId: { counter: 0, nonce: 0 },
    refillNonce: new Uint8Array(8),
    refillPending: zero,
    detail: NO_DETAIL,
  };
}

/** The registers as services tell them. */
export function registersOf(state: MeterState, descendingMax: Mills): Registers {
  const { ascending, descending, refunded, credited, pieceCount, zeroPieceCount } = state;
  const { certificateAscending, certificateDescending, certificatePieceCount } = state;
  return {
    ascending,
    descending,
    refunded,
    credited,
    certificateAscending,
    certificateDescending,
    pieceCount,
    zeroPieceCount,
    certificatePieceCount,
    descendingMax,
    refillSequence: state.refillSequence,
    refillPending: state.refillPending,
    requestCounter: state.requestId.counter,
  };
}
