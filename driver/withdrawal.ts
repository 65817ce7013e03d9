/**
 * Withdrawal of a meter: all that is left goes back to the provider, the keys are destroyed, the proof stays
 * (requirements.md B7; domain.md R22, R23). Finished after any interruption, from wherever it was.
 */

import { equalBytes } from '#protocol/bytes';
import type { Crypto } from '#protocol/crypto';
import {
  type WithdrawalReport,
  withdrawalAuthorisationDocument,
  withdrawalReportDocument,
} from '#protocol/documents/withdrawal';
import type { Mills } from '#protocol/mills';
import type { OfficeOptions, WithdrawalOffice } from './contact/offices.ts';
import { LinkError } from './errors.ts';
import type { Meter } from './meter.ts';
import { nodeCrypto } from './node-crypto.ts';
import type { CallOptions } from './session.ts';

export interface WithdrawalProof {
  /** The signed report of the meter. */
  readonly report: Uint8Array;
  readonly fields: WithdrawalReport;
}

export type WithdrawalAnswer =
  /** The meter has nothing any more; its proof is to be fetched: {@link fetchProof}. */
  | { readonly outcome: 'agreed'; readonly postal: Mills; readonly certificate: Mills }
  /** It goes on as before. */
  | { readonly outcome: 'refused'; readonly obstacle: string | undefined };

/**
 * Offers all that is left and hands the answer of the provider to the meter.
 * @param meter with its crypto officer logged in; the session is over where it was agreed
 * @throws RefusedError, LinkError, and what the office throws: it is done again from the beginning
 */
export async function withdraw(
  meter: Pick<Meter, 'withdrawalRequest' | 'withdrawalCommit'>,
  provider: Pick<WithdrawalOffice, 'withdraw'>,
  options: CallOptions = {},
): Promise<WithdrawalAnswer> {
  const { signal } = options;
  const { request } = await meter.withdrawalRequest(options);
  const { authorisation, obstacle } = await provider.withdraw({ request }, signal && { signal });
  const read = withdrawalAuthorisationDocument.read(authorisation);
  await commit(meter, authorisation, options);
  if (read.ok && read.value.verdict === 'refused') return { outcome: 'refused', obstacle };
  if (!read.ok) throw new Error('the meter took an authorisation that is none');
  const { postal, certificate } = read.value;
  return { outcome: 'agreed', postal, certificate };
}

/** The meter restarts behind its answer, which may be lost with that: whether it took it, the proof tells. */
async function commit(
  meter: Pick<Meter, 'withdrawalCommit'>,
  authorisation: Uint8Array,
  options: CallOptions,
): Promise<void> {
  try {
    await meter.withdrawalCommit(authorisation, options);
  } catch (error) {
    if (!(error instanceof LinkError) || !error.isUncertain) throw error;
  }
}

/** The stage of a withdrawal that a meter is at. */
export type WithdrawalStage = 'notBegun' | 'asked' | 'done';

/** @throws RefusedError, LinkError */
export async function withdrawalStage(
  meter: Pick<Meter, 'status'>,
  options: CallOptions = {},
): Promise<WithdrawalStage> {
  const { lifeCycle } = await meter.status(options);
  if (lifeCycle === 'withdrawn') return 'done';
  return lifeCycle === 'withdrawing' ? 'asked' : 'notBegun';
}

/** The proof is not what it should be. */
export class ProofError extends Error {
  override readonly name = 'ProofError';
}

/**
 * Fetches the proof of a meter that was withdrawn, and verifies it. Asked for in clear, for ever.
 * @param deviceKey 33 bytes: the key that the meter proved in its sessions
 * @throws ProofError where it is none, of another meter, or not signed by it · RefusedError, LinkError
 */
export async function fetchProof(
  meter: Pick<Meter, 'status' | 'withdrawalReport'>,
  deviceKey: Uint8Array,
  { crypto = nodeCrypto, ...options }: CallOptions & { readonly crypto?: Crypto } = {},
): Promise<WithdrawalProof> {
  const { meterId, registers } = await meter.status(options);
  const { report } = await meter.withdrawalReport(options);
  const read = withdrawalReportDocument.verify(crypto, deviceKey, report);
  if (!read.ok) throw new ProofError('what the meter gives as its proof was not signed by it');
  const { value: fields } = read;
  const isOfMeter = equalBytes(fields.meterId, meterId);
  const { descending, certificateDescending } = registers;
  if (!isOfMeter || descending + certificateDescending !== 0)
    throw new ProofError('the proof and the meter tell different things');
  return { report, fields };
}

/** Hands the proof over, which credits what was in the meter to its account, once. @throws what the office throws */
export async function handProof(
  { report }: WithdrawalProof,
  provider: Pick<WithdrawalOffice, 'proveWithdrawal'>,
  options: OfficeOptions = {},
): Promise<{ readonly postal: Mills; readonly certificate: Mills }> {
  return provider.proveWithdrawal({ report }, options);
}
