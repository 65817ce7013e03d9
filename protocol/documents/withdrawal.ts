/**
 * The three documents of a withdrawal: the meter offers all that is left, the provider agrees or not, the meter proves that
 * it has nothing any more (requirements.md B7; domain.md R22, R23).
 */

import { equalBytes } from '../bytes.ts';
import { type Registers, registersLayout } from '../command-layouts.ts';
import type { Crypto } from '../crypto.ts';
import { bytes, mills48, oneOf, u32, u48 } from '../fields.ts';
import type { Mills } from '../mills.ts';
import { ok, type Result, refuse } from '../result.ts';
import { meterId } from './document-fields.ts';
import { signedDocument } from './signed-document.ts';

/** What a meter offers and a provider answers to, alike in all three documents. */
interface WithdrawalTerms {
  readonly meterId: Uint8Array;
  /** Counted with the refills, so that each number is used once. */
  readonly sequence: number;
  /** Eight random bytes that bind the answer to this request. */
  readonly nonce: Uint8Array;
  /** What is left in the postal register. */
  readonly postal: Mills;
  /** What is left in the certificate register. */
  readonly certificate: Mills;
}

const terms = {
  meterId,
  sequence: u32,
  nonce: bytes(8),
  postal: mills48,
  certificate: mills48,
};

export interface WithdrawalRequest extends WithdrawalTerms {
  readonly registers: Registers;
  /** Secure clock, milliseconds since 1970-01-01 UTC; 0 where it is not trusted. */
  readonly timeMs: number;
}

export const withdrawalVerdicts = ['agreed', 'refused'] as const;

export interface WithdrawalAuthorisation extends WithdrawalTerms {
  readonly verdict: (typeof withdrawalVerdicts)[number];
  /** Clock of the provider, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
}

export interface WithdrawalReport extends WithdrawalTerms {
  /** After it: nothing is left in either register. */
  readonly registers: Registers;
  readonly journalSequence: number;
  readonly auditHead: Uint8Array;
  readonly logCount: number;
  readonly logHead: Uint8Array;
  /** Secure clock, milliseconds since 1970-01-01 UTC; 0 where it is not trusted. */
  readonly timeMs: number;
}

export const withdrawalRequestDocument = signedDocument<WithdrawalRequest>(
  'TWQ1',
  { ...terms, registers: registersLayout, timeMs: u48 },
  ({ postal, certificate, registers }) =>
    registers.descending === postal && registers.certificateDescending === certificate,
);

export const withdrawalAuthorisationDocument = signedDocument<WithdrawalAuthorisation>('TWA1', {
  ...terms,
  verdict: oneOf(withdrawalVerdicts),
  timeMs: u48,
});

export const withdrawalReportDocument = signedDocument<WithdrawalReport>(
  'TWR1',
  {
    ...terms,
    registers: registersLayout,
    journalSequence: u48,
    auditHead: bytes(16),
    logCount: u32,
    logHead: bytes(16),
    timeMs: u48,
  },
  ({ registers }) => registers.descending === 0 && registers.certificateDescending === 0,
);

/**
 * Whether an authorisation, its signature verified, answers a request.
 * Refusals: `documentForOtherMeter`, `documentMismatch`.
 */
export function matchWithdrawal(
  authorisation: WithdrawalAuthorisation,
  asked: WithdrawalTerms,
): Result<WithdrawalAuthorisation> {
  if (!equalBytes(authorisation.meterId, asked.meterId)) return refuse('documentForOtherMeter');
  const answersIt =
    authorisation.sequence === asked.sequence &&
    equalBytes(authorisation.nonce, asked.nonce) &&
    authorisation.postal === asked.postal &&
    authorisation.certificate === asked.certificate;
  return answersIt ? ok(authorisation) : refuse('documentMismatch');
}

/** Signs one of the three; which key signs which is in docs/documents.md. @throws Error where a field does not fit */
export const signWithdrawalRequest = (
  crypto: Crypto,
  deviceKey: Uint8Array,
  fields: WithdrawalRequest,
): Uint8Array => withdrawalRequestDocument.sign(crypto, deviceKey, fields);

export const signWithdrawalAuthorisation = (
  crypto: Crypto,
  providerKey: Uint8Array,
  fields: WithdrawalAuthorisation,
): Uint8Array => withdrawalAuthorisationDocument.sign(crypto, providerKey, fields);

export const signWithdrawalReport = (
  crypto: Crypto,
  deviceKey: Uint8Array,
  fields: WithdrawalReport,
): Uint8Array => withdrawalReportDocument.sign(crypto, deviceKey, fields);
