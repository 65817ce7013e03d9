/** The path validations that are compared: ours, and that of pkijs (docs/interop.md). */

import { Certificate, CertificateChainValidationEngine, CertificateRevocationList } from 'pkijs';
import { readCertificate } from '#driver/evidence/x509/certificate';
import { validatePath } from '#driver/evidence/x509/path';
import { readRevocationList } from '#driver/evidence/x509/revocation-list';
import type { PathCase } from './case.ts';

const isThere = <T>(value: T | undefined): value is T => value !== undefined;

/** @returns `valid`, or why not */
export function ownVerdict(vector: PathCase): string {
  const certificate = readCertificate(vector.certificate);
  if (certificate === undefined) return 'unreadable';
  const answer = validatePath({
    certificate,
    others: vector.others.map(readCertificate).filter(isThere),
    roots: vector.roots.map(readCertificate).filter(isThere),
    lists: vector.lists?.map(readRevocationList).filter(isThere),
    timeMs: vector.timeMs,
    purpose: vector.purpose,
  });
  return answer.ok ? 'valid' : answer.problem;
}

/** Not to be asked of certificates that sign each other in a ring: it does not come to an end. */
export async function pkijsVerdict(vector: PathCase): Promise<string> {
  try {
    const read = (der: Uint8Array): Certificate => Certificate.fromBER(Uint8Array.from(der));
    const engine = new CertificateChainValidationEngine({
      trustedCerts: vector.roots.map(read),
      certs: [...vector.others, vector.certificate].map(read),
      crls: (vector.lists ?? []).map((der) =>
        CertificateRevocationList.fromBER(Uint8Array.from(der)),
      ),
      checkDate: new Date(vector.timeMs),
    });
    const { result, resultMessage } = await engine.verify();
    return result ? 'valid' : resultMessage;
  } catch (error) {
    return error instanceof Error ? error.message : 'refused';
  }
}
