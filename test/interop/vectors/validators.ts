/** The path validations that were compared: ours, and those of the two libraries (docs/interop.md). */

import { X509Certificate, X509ChainBuilder } from '@peculiar/x509';
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

/** It builds a chain by names and signatures; dates and revocation are its caller's. */
export async function chainBuilderVerdict(vector: PathCase): Promise<string> {
  try {
    const read = (der: Uint8Array): X509Certificate => new X509Certificate(Uint8Array.from(der));
    const roots = vector.roots.map(read);
    const builder = new X509ChainBuilder({ certificates: [...vector.others.map(read), ...roots] });
    const chain = await builder.build(read(vector.certificate));
    const last = chain.at(-1);
    return roots.some((root) => last !== undefined && root.equal(last)) ? 'valid' : 'no root';
  } catch (error) {
    return error instanceof Error ? error.message : 'refused';
  }
}
