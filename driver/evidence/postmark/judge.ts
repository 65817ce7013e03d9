/**
 * Whether a postmark is good (requirements.md D2; P fig. 4), free of charge, with the root of the authority: in the order
 * of the figure, the certificate first, then the signature, then the digest. Numerals are those of the figure.
 */

import { equalBytes } from '#protocol/bytes';
import { ids } from '../cms/oids.ts';
import { isSignatureOf, signerOf } from '../cms/signed-data.ts';
import { sha256 } from '../digest.ts';
import type { HostCertificate } from '../x509/certificate.ts';
import { extensionIds } from '../x509/certificate.ts';
import { type PathProblem, validatePath } from '../x509/path.ts';
import type { Revocation, RevocationList } from '../x509/revocation-list.ts';
import type { TimeStamp } from './time-stamp.ts';

export interface PostmarkQuestion {
  readonly timeStamp: TimeStamp;
  /** SHA-256 of the message. */
  readonly digest: Uint8Array;
  readonly roots: readonly HostCertificate[];
  /** Certificates that are known besides those in the token. */
  readonly others?: readonly HostCertificate[];
  /** Revocation lists of today; left out: nobody asks for revocation. */
  readonly lists?: readonly RevocationList[] | undefined;
  /** Today, for the lists. */
  readonly nowMs: number;
}

/** The box of P fig. 4 in which it ends: 412 the certificate is rejected, 418 the postmark, 420 it is valid. */
export type PostmarkJudgement = {
  readonly certificate: HostCertificate | undefined;
} & (
  | { readonly box: 420; readonly verdict: 'valid' }
  | { readonly box: 412; readonly verdict: CertificateVerdict }
  | { readonly box: 418; readonly verdict: 'postmarkSignature' | 'digestDifferent' }
);

/** What is wrong with the certificate: with its path, or that there is none, or that it is not for postmarks alone. */
export type CertificateVerdict = PathProblem | 'certificateMissing' | 'notForPostmarks';

/** Judges a postmark; the first thing that is wrong is told. */
export function judgePostmark(question: PostmarkQuestion): PostmarkJudgement {
  const { timeStamp, digest, others } = question;
  const certificate = signerOf(timeStamp.data, others);
  const wrong = certificate ? problemOf(question, certificate) : 'certificateMissing'; // 408, 410
  if (certificate === undefined || wrong !== undefined)
    return { box: 412, verdict: wrong ?? 'certificateMissing', certificate };
  if (!isSignatureOf(timeStamp.data, certificate, sha256(timeStamp.tstInfo)))
    // 414
    return { box: 418, verdict: 'postmarkSignature', certificate };
  const isSame = timeStamp.digestAlgorithm === ids.sha256 && equalBytes(timeStamp.digest, digest); // 416
  return isSame
    ? { box: 420, verdict: 'valid', certificate }
    : { box: 418, verdict: 'digestDifferent', certificate };
}

function problemOf(
  { timeStamp, roots, others = [], lists, nowMs }: PostmarkQuestion,
  certificate: HostCertificate,
): CertificateVerdict | undefined {
  const answer = validatePath({
    certificate,
    others: [...timeStamp.data.certificates, ...others].filter((each) => each !== certificate),
    roots,
    lists,
    timeMs: timeStamp.timeMs,
    listTimeMs: nowMs,
    counts: (revocation) => undoes(revocation, timeStamp.timeMs),
    purpose: ids.timeStamping,
    usage: 'digitalSignature',
  });
  if (!answer.ok) return answer.problem;
  return isForPostmarksAlone(certificate) ? undefined : 'notForPostmarks';
}

/** One purpose, and critical (RFC 3161 2.3). */
function isForPostmarksAlone({ purposes, extensions }: HostCertificate): boolean {
  const isCritical = extensions.get(extensionIds.extendedKeyUsage)?.isCritical === true;
  return isCritical && purposes?.length === 1 && purposes[0] === ids.timeStamping;
}

/** Unspecified, affiliation changed, superseded, ceased: nothing is said against what was signed before (RFC 3161 4, 1). */
const harmless: readonly (number | undefined)[] = [0, 3, 4, 5];

function undoes({ reason, timeMs }: Revocation, stampedMs: number): boolean {
  return !harmless.includes(reason) || stampedMs >= timeMs;
}
