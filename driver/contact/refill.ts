/**
 * Refills: the meter's signed request, the provider's signed answer, credited exactly once (requirements.md B6, B7, F7;
 * domain.md R12-R16, R19, R20).
 */

import type { Registers } from '#protocol/command-layouts';
import type { RefillKind, RefillReason } from '#protocol/documents/refill';
import { readRefillAuthorisation } from '#protocol/documents/refill';
import { type Mills, mills } from '#protocol/mills';
import type { AccountName } from '#protocol/state';
import { LinkError } from '../errors.ts';
import { licenceOf } from '../funds.ts';
import type { Meter } from '../meter.ts';
import type { CallOptions } from '../session.ts';
import type { RefillOffice } from './offices.ts';
import { applyOrder } from './orders.ts';

/** What is wanted. */
export interface RefillWish {
  readonly kind: RefillKind;
  readonly account: AccountName;
  readonly amount: Mills;
}

interface RefillAnswer {
  readonly wish: RefillWish;
  readonly request: Uint8Array;
  readonly authorisation: Uint8Array;
}

/** `declined`: by the provider, under its signature; the meter is free for another one. */
export type RefillOutcome = RefillAnswer &
  (
    | { readonly outcome: 'credited'; readonly registers: Registers }
    | { readonly outcome: 'declined'; readonly reason: RefillReason; readonly available: Mills }
  );

export type RefillingMeter = Pick<
  Meter,
  | 'registers'
  | 'refillRequest'
  | 'refillCommit'
  | 'condition'
  | 'applyLockOrder'
  | 'reconnect'
  | 'licence'
>;

/**
 * Refills a meter. One that is under way must be finished before: {@link finishRefill}; the same wish finishes it too.
 *
 * Where the answer of the meter is lost at the end, it is asked again in a new session what became of it: nobody is logged
 * in then.
 * @param meter with its user logged in
 * @throws RefusedError, LinkError, and what the office throws: it stays under way
 */
export async function refill(
  meter: RefillingMeter,
  provider: RefillOffice,
  wish: RefillWish,
  options: CallOptions = {},
): Promise<RefillOutcome> {
  const { signal } = options;
  const { request } = await meter.refillRequest(wish, options);
  const answer = await provider.refill({ request }, signal && { signal });
  const { authorisation } = answer;
  const registers = await commit(meter, authorisation, options);
  await applyOrder(meter, answer.lockOrder, options);
  const told = { wish, request, authorisation };
  const read = readRefillAuthorisation(authorisation);
  if (read.ok && read.value.amount > 0) return { outcome: 'credited', registers, ...told };
  const { reason, available } = read.ok
    ? read.value
    : { reason: 'ok' as const, available: mills(0) };
  return { outcome: 'declined', reason, available, ...told };
}

/** Finishes the refill that is under way. @returns undefined where none is @throws as {@link refill} */
export async function finishRefill(
  meter: RefillingMeter,
  provider: RefillOffice,
  options: CallOptions = {},
): Promise<RefillOutcome | undefined> {
  const pending = pendingRefill(await meter.registers(options));
  return pending && (await refill(meter, provider, pending, options));
}

/** What a refill under way was requested for; undefined where none is. */
export function pendingRefill({
  refillPending: amount,
  refillKind: kind,
  refillAccount: account,
}: Registers): RefillWish | undefined {
  return amount === 0 ? undefined : { kind, account, amount };
}

/** When to refill by itself, and with how much. */
export interface AutoRefill {
  /** Below it; what the licence calls low unless given. */
  readonly below?: Mills | undefined;
  readonly amount: Mills;
}

/** What is bought by itself now; undefined where there is enough. @throws RefusedError, LinkError */
export async function dueRefill(
  meter: RefillingMeter,
  { below, amount }: AutoRefill,
  options: CallOptions = {},
): Promise<RefillWish | undefined> {
  const { descending } = await meter.registers(options);
  const least = below ?? (await licenceOf(meter, options))?.lowFunds ?? mills(0);
  return descending < least ? { kind: 'purchase', account: 'postal', amount } : undefined;
}

/** Where the answer is lost, the meter alone knows: its registers are asked, which anybody with a session may. */
async function commit(
  meter: RefillingMeter,
  authorisation: Uint8Array,
  options: CallOptions,
): Promise<Registers> {
  try {
    return (await meter.refillCommit(authorisation, options)).registers;
  } catch (error) {
    if (!(error instanceof LinkError) || !error.isUncertain) throw error;
    await meter.reconnect({ signal: options.signal });
    const registers = await meter.registers(options);
    if (pendingRefill(registers) !== undefined) throw error; // it did not arrive: the next contact finishes it
    return registers;
  }
}
