/**
 * What the certificate half of a meter charges for (requirements.md B1, B4, D1-D6, E1, E2, C7; domain.md R48): each service
 * has one number in every rate table, where its rate is of the kind `certificate`.
 */

import { type Mills, mills } from '../mills.ts';
import { ok, type Result, refuse } from '../result.ts';
import { type RateTableFields, rateOf } from './rate-table.ts';

/** Numbers are never reused. A table that lacks one does not offer the service. */
export const certificateServices = {
  postmark: 300,
  validation: 301,
  /** Charged when the certificate is installed (P fig. 5, 520). */
  certificate: 302,
  agentCertificate: 303,
  revocation: 304,
  signature: 305,
  verification: 306,
  encryption: 307,
  decryption: 308,
  authentication: 309,
  /** Taking a line of credit. */
  credit: 310,
  payment: 311,
  ticket: 312,
  /** A key that was made elsewhere: only where the licence names this number. */
  keyImport: 314,
} as const;
export type CertificateService = keyof typeof certificateServices;

/** The charge of a certificate service. Refusal: `serviceUnknown` where the table does not offer it. */
export function chargeOf(
  table: Pick<RateTableFields, 'rates'>,
  service: CertificateService,
): Result<Mills> {
  const rate = rateOf(table, certificateServices[service]);
  if (rate?.kind !== 'certificate') return refuse('serviceUnknown');
  return ok(mills(rate.minimum));
}
