/** The keys that a meter has for its user, with their certificates, of which it keeps the digest alone. */

import { equalBytes } from '#protocol/bytes';
import type { KeyUse } from '#protocol/documents/user-key';
import type { Meter } from '../meter.ts';
import { sha256 } from './digest.ts';
import type { HostCertificate } from './x509/certificate.ts';

export interface MeterKey {
  readonly number: number;
  readonly certificate: HostCertificate;
}

/**
 * The active keys of a use of which the certificate is known.
 * @param number of the only one that is wanted
 */
export async function meterKeys(
  meter: Meter,
  certificates: readonly HostCertificate[],
  use: KeyUse,
  number?: number,
): Promise<readonly MeterKey[]> {
  const { keys } = await meter.userKeys();
  return keys
    .filter((key) => key.isActive && key.uses[use])
    .filter((key) => number === undefined || key.number === number)
    .flatMap((key) => {
      const isOf = ({ der }: HostCertificate) => equalBytes(sha256(der), key.certificateDigest);
      const certificate = certificates.find(isOf);
      return certificate === undefined ? [] : [{ number: key.number, certificate }];
    });
}
