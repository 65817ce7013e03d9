/** Layouts and names that commands share with each other, with firmware and with hosts. */

import * as P from 'micro-packed';
import { refillKinds } from './documents/refill.ts';
import { bytes, flags, mills48, oneOf, u16, u32, u48 } from './fields.ts';
import {
  accountNames,
  callerNames,
  lifeCycleNames,
  lockNames,
  lockReasonNames,
  stateNames,
  warningNames,
} from './state.ts';

/**
 * Names a transaction, so that a repeated request gets the recorded answer: a counter that only grows, and the host's
 * random number, so that two hosts which count alike are told apart.
 */
export const requestId = P.struct({ counter: u32, nonce: u32 });
export type RequestId = P.UnwrapCoder<typeof requestId>;

/**
 * The registers as the meter tells them (requirements.md B1, B2). Amounts in mills. At every instant ascending +
 * descending + withdrawn = credited + spoilageCredited, and the same of the certificate registers (domain.md R3).
 */
export const registersLayout = P.struct({
  /** Everything ever spent on postage. */
  ascending: mills48,
  /** Bought and not spent yet. */
  descending: mills48,
  /** Everything ever bought; of a current account, everything ever spent. */
  credited: mills48,
  /** Spoiled postage that came back. */
  spoilageCredited: mills48,
  /** What left by a withdrawal. */
  withdrawn: mills48,
  /** The ascending register of a current account as it was last settled. */
  settled: mills48,
  certificateAscending: mills48,
  certificateDescending: mills48,
  certificateCredited: mills48,
  certificateWithdrawn: mills48,
  /** Indicia, zero-value ones counted: the number of the last one. */
  pieceCount: u32,
  /** Indicia that cost nothing. */
  zeroPieceCount: u32,
  /** Certificate services. */
  certificatePieceCount: u32,
  /** Indicia and their postage since the batch counters were reset. */
  batchPieceCount: u32,
  batchAmount: mills48,
  /** Limits of the licence; 0 where there is none. */
  descendingMax: mills48,
  certificateDescendingMax: mills48,
  refillSequence: u32,
  /** What a refill under way was requested for; 0 where none is. */
  refillPending: mills48,
  refillKind: oneOf(refillKinds),
  refillAccount: oneOf(accountNames),
  /** The counter of the last request id that was performed. */
  requestCounter: u32,
});
export type Registers = P.UnwrapCoder<typeof registersLayout>;

export const statusLayout = P.struct({
  state: oneOf(stateNames),
  lifeCycle: oneOf(lifeCycleNames),
  caller: oneOf(callerNames),
  /** The status number of the fault that led to the error state, and its detail; 0 where there is none. */
  fault: u16,
  faultDetail: u16,
  /** Vendor and model (4 ASCII characters) and serial number (u32); zeros before the meter is made. */
  meterId: bytes(8),
  /** The secure clock: milliseconds since 1970-01-01 UTC; 0 where it is not trusted. */
  timeMs: u48,
  /** Whether the registers below were read and are consistent. */
  registersValid: P.bool,
  registers: registersLayout,
});
export type MeterStatus = P.UnwrapCoder<typeof statusLayout>;

/** What keeps a meter from producing value or soon will (requirements.md A8). Times in ms since 1970-01-01 UTC. */
export const conditionLayout = P.struct({
  locks: flags(lockNames),
  warnings: flags(warningNames),
  /** When it begins to warn of its inspection, and when it locks; 0 before it is registered. */
  inspectionDueMs: u48,
  inspectionLockMs: u48,
  /** When the next quality print is due; 0 before it is registered. */
  qualityDueMs: u48,
  /** When the clock was last set by order; 0 where never. */
  clockSetMs: u48,
  /** Of the last lock order; 0 where none. */
  lockSequence: u32,
  lockReason: oneOf(lockReasonNames),
  /** Records of the security log so far, those that the authority has, and how many more it takes before it is full. */
  logCount: u32,
  logAcknowledged: u32,
  logFree: u32,
  /** Of the licence; 0 where there is none. */
  licenceSequence: u32,
  /** Of the rate table in use today and of the one loaded ahead; 0 where there is none. */
  rateVersion: u32,
  nextRateVersion: u32,
});
export type Condition = P.UnwrapCoder<typeof conditionLayout>;

/**
 * What an indicium is for. `correction`: the postage that an earlier one lacked · `redate`: another date for an earlier
 * one, once, for nothing (domain.md R33, R34).
 */
export const pieceKinds = ['postage', 'correction', 'redate'] as const;
export type PieceKind = (typeof pieceKinds)[number];
