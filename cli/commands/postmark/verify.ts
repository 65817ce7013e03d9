/** `tessera postmark verify`: by this computer for free, or by the meter for its charge (P fig. 4). */

import { judgePostmark } from '#driver/evidence/postmark/judge';
import { validateInMeter } from '#driver/evidence/postmark/stamp';
import type { TimeStamp } from '#driver/evidence/postmark/time-stamp';
import type { HostCertificate } from '#driver/evidence/x509/certificate';
import { knownCertificates, listsOf, trustedRoots } from '../../certificate-files.ts';
import { underWay } from '../../evidence-file.ts';
import type { Home } from '../../home.ts';
import { interrupted } from '../../interrupt.ts';
import { type AccessOptions, loggedIn } from '../../meter-access.ts';
import type { Output } from '../../output.ts';
import { stampFigures, stampText } from './tell.ts';
import { digestOfFile, timeStampIn } from './token-file.ts';

export interface VerifyOptions extends AccessOptions {
  readonly postmark?: string;
  readonly root?: string;
  readonly certificate?: readonly string[];
  readonly crl?: readonly string[];
  readonly inMeter?: boolean;
}

const sentences: Readonly<Record<string, string>> = {
  certificateMissing: 'The certificate of its key is neither in it nor known here.',
  certificateMalformed: 'Its certificate is not one that a meter reads.',
  certificateSignature: "The authority's key did not sign its certificate.",
  certificatePurpose: 'Its certificate is not for postmarks.',
  certificateDates: 'Its certificate was not valid at its time.',
  postmarkMalformed: 'What was signed is no postmark.',
  issuerUnknown: 'The issuer of its certificate is not known here.',
  signature: 'Its certificate was not signed by the key of its issuer.',
  algorithm: 'Its certificate has a key of a kind that is not taken.',
  notYetValid: 'Its certificate was not valid yet at its time.',
  expired: 'Its certificate had expired at its time.',
  revoked: 'Its certificate was revoked.',
  revocationUnknown: 'No revocation list of today tells of its certificate.',
  notAnAuthority: 'Somebody above its certificate is no authority.',
  pathTooLong: 'More authorities stand above its certificate than may.',
  keyUsage: 'The key of its certificate is not for signing.',
  purpose: 'Its certificate is for something else.',
  notForPostmarks: 'Its certificate is not for postmarks alone.',
  nameNotPermitted: 'Its certificate has a name that its issuer may not give.',
  criticalUnknown: 'Its certificate says something critical that is not understood.',
  malformed: 'Its certificate breaks the rules for certificates.',
  postmarkSignature: 'The key of its certificate did not sign it.',
  digestDifferent: 'It is for something else than this file.',
};

export async function verifyStamp(
  file: string,
  options: VerifyOptions,
  home: Home,
  output: Output,
): Promise<number> {
  const others = knownCertificates(home, ...(options.certificate ?? []));
  const timeStamp = await timeStampIn(options.postmark ?? `${file}.tsr`, others);
  const digest = await digestOfFile(file);
  const verdict =
    options.inMeter === true
      ? await byMeter(timeStamp, digest, others, options, home)
      : await byHost(timeStamp, digest, others, options, home);
  const isValid = verdict === 'valid';
  output.say(
    'verified',
    { isValid, verdict, byMeter: options.inMeter === true, ...stampFigures(timeStamp) },
    isValid ? `valid: ${stampText(timeStamp)}` : `NOT VALID: ${sentences[verdict] ?? verdict}`,
  );
  return isValid ? 0 : 1;
}

async function byHost(
  timeStamp: TimeStamp,
  digest: Uint8Array,
  others: readonly HostCertificate[],
  { root, crl }: VerifyOptions,
  home: Home,
): Promise<string> {
  const roots = await trustedRoots(home, root, others);
  const lists = listsOf(crl);
  const nowMs = Date.now();
  return judgePostmark({ timeStamp, digest, roots, others, lists, nowMs }).verdict;
}

async function byMeter(
  timeStamp: TimeStamp,
  digest: Uint8Array,
  others: readonly HostCertificate[],
  options: VerifyOptions,
  home: Home,
): Promise<string> {
  using interrupt = interrupted();
  await using meter = await loggedIn(home, 'user', options);
  const { signal } = interrupt;
  return await validateInMeter(meter, underWay(home, meter), timeStamp, digest, others, { signal });
}
