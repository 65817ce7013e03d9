/**
 * The rules of money, as pure functions from one state of the meter to the next (requirements.md B1-B7; domain.md
 * R1-R16, R20, R22, R29). Nothing here reads a clock, a key or the flash.
 */

import type { Registers, RequestId } from '#protocol/command-layouts';
import { type LicenceFields, spoilageMax } from '#protocol/documents/licence';
import type { RefillKind } from '#protocol/documents/refill';
import { type Mills, mills } from '#protocol/mills';
import { ok, type Result, refuse } from '#protocol/result';
import type { AccountKindName, AccountName } from '#protocol/state';
import { invariant } from './fault.ts';
import { type DebitDetail, type MeterState, NO_DETAIL } from './journal-record.ts';

/** The indicium has 40 bits for the ascending register (domain.md 1.1). */
const ASCENDING_MAX = 0xff_ffff_ffff;
/** Pieces of one meter; the number of a piece is never used twice. */
const PIECES_MAX = 0xffff_ffff;

/** How far the counter of a request id may run ahead: a wrong one cannot use up the numbers. */
const REQUEST_COUNTER_STEP_MAX = 0x1_0000;

const DAY_MS = 86_400_000;

/** What of a licence limits the registers. */
export type Terms = Pick<
  LicenceFields,
  | 'accountKind'
  | 'descendingMax'
  | 'certificateDescendingMax'
  | 'refillMin'
  | 'refillMax'
  | 'refillMultiple'
  | 'spoilageCap'
  | 'dayAmountMax'
  | 'dayPiecesMax'
>;

/** Whether the registers agree with each other: R3, and R2's lower half by their type. */
export function isConsistent(state: MeterState): boolean {
  return (
    state.ascending + state.descending + state.withdrawn ===
      state.credited + state.spoilageCredited &&
    state.certificateAscending + state.certificateDescending + state.certificateWithdrawn ===
      state.certificateCredited &&
    state.settled <= state.ascending
  );
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

/** What has been spent on a day so far. */
interface DaySpent {
  readonly day: number;
  readonly dayPieces: number;
  readonly dayAmount: Mills;
}

function spentOn(state: MeterState, day: number): DaySpent {
  if (state.day === day) return { day, dayPieces: state.dayPieces, dayAmount: state.dayAmount };
  return { day, dayPieces: 0, dayAmount: mills(0) };
}

/** R29. The day begins at midnight UTC. */
function countDay(
  state: MeterState,
  { dayAmountMax, dayPiecesMax }: Terms,
  postage: Mills,
  timeMs: number,
): Result<DaySpent> {
  const spent = spentOn(state, Math.floor(timeMs / DAY_MS));
  const dayAmount = spent.dayAmount + postage;
  const dayPieces = spent.dayPieces + 1;
  const isOver =
    (dayAmountMax > 0 && dayAmount > dayAmountMax) ||
    (dayPiecesMax > 0 && dayPieces > dayPiecesMax);
  if (isOver) return refuse('dayLimitReached', DAY_MS - (timeMs % DAY_MS));
  return ok({ day: spent.day, dayPieces, dayAmount: mills(dayAmount) });
}

/** Takes an amount out of what pays for postage; the sum of the registers stays, or grows with a current account. */
function spend(state: MeterState, terms: Terms, amount: Mills): Result<MeterState> {
  if (state.ascending + amount > ASCENDING_MAX) return refuse('fieldOutOfRange');
  const ascending = mills(state.ascending + amount);
  if (terms.accountKind === 'current') {
    const unsettled = ascending - state.settled;
    if (unsettled > terms.descendingMax)
      return refuse('creditLimitReached', unsettled - terms.descendingMax);
    return ok({ ...state, ascending, credited: mills(state.credited + amount) });
  }
  if (amount > state.descending) return refuse('insufficientFunds', amount - state.descending);
  return ok({ ...state, ascending, descending: mills(state.descending - amount) });
}

/**
 * Charges for a piece; registers, piece counts and the transaction are one record (R5).
 * @param timeMs the secure clock; the day limits are those of its day
 */
export function debit(
  state: MeterState,
  terms: Terms,
  id: RequestId,
  detail: DebitDetail,
  timeMs: number,
): Result<MeterState> {
  checkConsistent(state);
  const { postage } = detail;
  if (state.pieceCount >= PIECES_MAX) return refuse('fieldOutOfRange');
  const spent = spend(state, terms, postage);
  if (!spent.ok) return spent;
  const day = countDay(state, terms, postage, timeMs);
  if (!day.ok) return day;
  return ok({
    ...spent.value,
    ...day.value,
    pieceCount: state.pieceCount + 1,
    zeroPieceCount: state.zeroPieceCount + (postage === 0 ? 1 : 0),
    batchPieceCount: state.batchPieceCount + 1,
    batchAmount: mills(state.batchAmount + postage),
    requestId: id,
    detail,
  });
}

/** Takes the charge of a certificate service out of the register that pays for it (B1; P fig. 3, 312). */
function spendOnService(state: MeterState, terms: Terms, charge: Mills): Result<MeterState> {
  if (terms.accountKind !== 'separate') return spend(state, terms, charge);
  const { certificateAscending, certificateDescending } = state;
  if (charge > certificateDescending)
    return refuse('insufficientFunds', charge - certificateDescending);
  return ok({
    ...state,
    certificateAscending: mills(certificateAscending + charge),
    certificateDescending: mills(certificateDescending - charge),
  });
}

/**
 * Charges for a certificate service. The limits of a day are those of postage (R29), so that none stops a revocation.
 * @param detail its postage is the charge
 */
export function charge(
  state: MeterState,
  terms: Terms,
  id: RequestId,
  detail: DebitDetail,
): Result<MeterState> {
  checkConsistent(state);
  const { certificatePieceCount } = state;
  if (certificatePieceCount >= PIECES_MAX) return refuse('fieldOutOfRange');
  const spent = spendOnService(state, terms, detail.postage);
  if (!spent.ok) return spent;
  return ok({
    ...spent.value,
    certificatePieceCount: certificatePieceCount + 1,
    requestId: id,
    detail,
  });
}

/**
 * The registers under a licence with another kind of account (B1, B2). What a prepaid meter has spent is paid, so that a
 * current account begins settled; and one that ends must be settled, since nothing would settle it later.
 */
export function changeAccountKind(
  state: MeterState,
  from: AccountKindName,
  to: AccountKindName,
): Result<Pick<MeterState, 'settled'>> {
  const { ascending, settled } = state;
  if (from === to) return ok({ settled });
  if (from === 'current' && settled < ascending)
    return refuse('creditLimitReached', ascending - settled);
  return ok({ settled: to === 'current' ? ascending : settled });
}

/** Which account is meant by one: where there is but one, it pays for everything (B1). */
export function hasAccount(
  { accountKind }: Terms,
  account: AccountName,
  kind: RefillKind,
): boolean {
  if (kind === 'settlement') return accountKind === 'current' && account === 'postal';
  if (accountKind === 'current') return false;
  return account === 'postal' || (accountKind === 'separate' && kind === 'purchase');
}

/** How much an account still takes. */
function roomOf(state: MeterState, terms: Terms, account: AccountName, kind: RefillKind): number {
  switch (kind) {
    case 'settlement':
      return state.ascending - state.settled;
    case 'spoilage':
    case 'purchase': {
      const [max, held] =
        account === 'postal'
          ? [terms.descendingMax, state.descending]
          : [terms.certificateDescendingMax, state.certificateDescending];
      return Math.max(0, max - held);
    }
  }
}

/** R20: what may come back for spoilage, earlier ones counted. */
export function spoilageRoom({ ascending, spoilageCredited }: MeterState, terms: Terms): number {
  return Math.max(0, spoilageMax(ascending, terms.spoilageCap) - spoilageCredited);
}

/** Whether two states hold the same value in the same accounts, with the same on its way. */
export function isSameValue(one: MeterState, other: MeterState): boolean {
  return valueNames.every((name) => one[name] === other[name]);
}

const valueNames = [
  'ascending',
  'descending',
  'credited',
  'spoilageCredited',
  'withdrawn',
  'settled',
  'certificateAscending',
  'certificateDescending',
  'certificateCredited',
  'certificateWithdrawn',
  'pieceCount',
  'certificatePieceCount',
  'refillSequence',
  'refillPending',
] as const;

/** What is asked for in a refill. */
export interface RefillWish {
  readonly kind: RefillKind;
  readonly account: AccountName;
  readonly amount: Mills;
}

/** R14: what may be asked for at all. */
function checkRefill(
  state: MeterState,
  terms: Terms,
  { kind, account, amount }: RefillWish,
): Result<undefined> {
  if (!hasAccount(terms, account, kind)) return refuse('accountUnavailable');
  if (amount === 0) return refuse('amountInvalid');
  if (kind === 'purchase') {
    if (amount < terms.refillMin) return refuse('refillBelowMinimum', terms.refillMin);
    if (amount > terms.refillMax) return refuse('refillAboveMaximum', terms.refillMax);
    if (terms.refillMultiple > 0 && amount % terms.refillMultiple !== 0)
      return refuse('amountInvalid');
  }
  if (kind === 'spoilage' && amount > spoilageRoom(state, terms))
    return refuse('spoilageAboveCap', spoilageRoom(state, terms));
  const fits = roomOf(state, terms, account, kind);
  return amount > fits ? refuse('refillAboveMaximum', fits) : ok(undefined);
}

/** Freezes the amount of a refill under a fresh nonce (R12, R15). The sequence grows with each one. */
export function beginRefill(
  state: MeterState,
  terms: Terms,
  wish: RefillWish,
  nonce: Uint8Array,
): Result<MeterState> {
  checkConsistent(state);
  const allowed = checkRefill(state, terms, wish);
  if (!allowed.ok) return allowed;
  return ok({
    ...state,
    refillSequence: state.refillSequence + 1,
    refillNonce: nonce,
    refillPending: wish.amount,
    refillKind: wish.kind,
    refillAccount: wish.account,
    detail: NO_DETAIL,
  });
}

const plus = (register: Mills, amount: Mills): Mills => mills(register + amount);

/** Where an amount that was authorised goes. */
function credit(state: MeterState, amount: Mills): MeterState {
  switch (state.refillKind) {
    case 'settlement':
      return { ...state, settled: plus(state.settled, amount) };
    case 'spoilage':
      return {
        ...state,
        descending: plus(state.descending, amount),
        spoilageCredited: plus(state.spoilageCredited, amount),
      };
    case 'purchase':
      if (state.refillAccount === 'postal')
        return {
          ...state,
          descending: plus(state.descending, amount),
          credited: plus(state.credited, amount),
        };
      return {
        ...state,
        certificateDescending: plus(state.certificateDescending, amount),
        certificateCredited: plus(state.certificateCredited, amount),
      };
  }
}

/** Ends the refill under way: credits what the provider authorised, which is all or nothing (R13). */
export function endRefill(state: MeterState, authorised: Mills): MeterState {
  checkConsistent(state);
  return { ...credit(state, authorised), refillPending: mills(0), detail: NO_DETAIL };
}

/** Takes all that is left out of the meter (R22). */
export function withdraw(state: MeterState): MeterState {
  checkConsistent(state);
  return {
    ...state,
    descending: mills(0),
    withdrawn: plus(state.withdrawn, state.descending),
    certificateDescending: mills(0),
    certificateWithdrawn: plus(state.certificateWithdrawn, state.certificateDescending),
    detail: NO_DETAIL,
  };
}

/** A state that is changed beside the registers; what the last debit was is not repeated in it. */
export function aside(state: MeterState, changes: Partial<MeterState>): MeterState {
  return { ...state, ...changes, detail: NO_DETAIL };
}

/** The registers as services tell them. */
export function registersOf(
  state: MeterState,
  terms: Pick<Terms, 'descendingMax' | 'certificateDescendingMax'> | undefined,
): Registers {
  const { descendingMax = mills(0), certificateDescendingMax = mills(0) } = terms ?? {};
  return {
    ascending: state.ascending,
    descending: state.descending,
    credited: state.credited,
    spoilageCredited: state.spoilageCredited,
    withdrawn: state.withdrawn,
    settled: state.settled,
    certificateAscending: state.certificateAscending,
    certificateDescending: state.certificateDescending,
    certificateCredited: state.certificateCredited,
    certificateWithdrawn: state.certificateWithdrawn,
    pieceCount: state.pieceCount,
    zeroPieceCount: state.zeroPieceCount,
    certificatePieceCount: state.certificatePieceCount,
    batchPieceCount: state.batchPieceCount,
    batchAmount: state.batchAmount,
    descendingMax,
    certificateDescendingMax,
    refillSequence: state.refillSequence,
    refillPending: state.refillPending,
    refillKind: state.refillKind,
    refillAccount: state.refillAccount,
    requestCounter: state.requestId.counter,
  };
}
