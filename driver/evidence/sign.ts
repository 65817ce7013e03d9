/** Signatures of files by a meter, as CMS SignedData that stands apart from the file (requirements.md D6; RFC 5652 5). */

import { equalBytes } from '#protocol/bytes';
import type { SignatureVerdict } from '#protocol/commands/security';
import { certificateTime } from '#protocol/der';
import { askOnce, type ChargedOptions, settle, type Wish } from '../charged.ts';
import type { Meter } from '../meter.ts';
import { ids } from './cms/oids.ts';
import {
  encodeSignedData,
  isSignatureOf,
  type ReadSignedData,
  readSignedData,
  signedAttributesOf,
  signerOf,
} from './cms/signed-data.ts';
import type { MeterKey } from './meter-key.ts';
import type { HostCertificate } from './x509/certificate.ts';
import { type PathProblem, type PathQuestion, validatePath } from './x509/path.ts';

export interface SignOptions extends ChargedOptions {
  /** Certificates that go with it, beside that of the key. */
  readonly enclosed?: readonly Uint8Array[];
  /** When it is signed, by the clock of the host; now unless given. */
  readonly timeMs?: number;
}

/**
 * Signs a file: ContentInfo of a SignedData without the content. One that was paid for the same file, and did not arrive, is
 * the answer.
 * @param file where it is noted what is under way (charged.ts)
 * @param digest SHA-256 of what is signed
 * @throws RefusedError, LinkError, or the reason of the signal
 */
export async function signDetached(
  meter: Meter,
  file: string,
  { number, certificate }: MeterKey,
  digest: Uint8Array,
  options: SignOptions = {},
): Promise<Uint8Array> {
  const { enclosed = [], timeMs = Date.now(), onSettled } = options;
  const signer = certificate.der;
  const message = (signedAttributes: Uint8Array, signature: Uint8Array): Uint8Array =>
    encodeSignedData({
      contentType: ids.data,
      certificates: [signer, ...enclosed],
      signer,
      signedAttributes,
      signature,
    });
  const settled = await settle(meter, file, options);
  if (settled?.service === 'signContent' && settled.response !== undefined) {
    const { content } = settled.request as Wish<'signContent'>;
    const { signature } = settled.response as { readonly signature: Uint8Array };
    const earlier = message(content, signature);
    const read = readSignedData(earlier);
    if (read !== undefined && isSignatureOf(read, certificate, digest)) return earlier;
  }
  if (settled !== undefined) onSettled?.(settled);
  const content = signedAttributesOf(ids.data, digest, signer, certificateTime(timeMs));
  const { signature } = await askOnce(meter, file, 'signContent', { number, content }, options);
  return message(content, signature);
}

export interface SignatureQuestion
  extends Pick<PathQuestion, 'roots' | 'others' | 'lists' | 'timeMs'> {
  readonly data: ReadSignedData;
  /** SHA-256 of the content. */
  readonly digest: Uint8Array;
}

export type SignatureFinding =
  | 'valid'
  | PathProblem
  | 'certificateMissing'
  | 'digestDifferent'
  | 'contentSignature';

/** Judges a signature for free: the certificate first, then the digest and the signature. */
export function judgeSignature(question: SignatureQuestion): SignatureFinding {
  const { data, digest, others = [], roots, lists, timeMs } = question;
  const certificate = signerOf(data, others);
  if (certificate === undefined) return 'certificateMissing';
  const between = [...data.certificates, ...others];
  const usage = 'digitalSignature';
  const path = validatePath({ certificate, others: between, roots, lists, timeMs, usage });
  if (!path.ok) return path.problem;
  if (isSignatureOf(data, certificate, digest)) return 'valid';
  return isOfDigest(data, digest) ? 'contentSignature' : 'digestDifferent';
}

/** Whether the message is about this content, whoever signed it. */
function isOfDigest({ attributes }: ReadSignedData, digest: Uint8Array): boolean {
  const named = attributes.get(ids.messageDigest);
  return named !== undefined && equalBytes(named.subarray(-digest.length), digest);
}

/** What a meter found about a signature, by its authority's key, and charged for. */
export async function verifyInMeter(
  meter: Meter,
  file: string,
  { data, digest, others = [] }: Pick<SignatureQuestion, 'data' | 'digest' | 'others'>,
  options: ChargedOptions = {},
): Promise<SignatureVerdict | 'certificateMissing' | 'digestDifferent'> {
  const certificate: HostCertificate | undefined = signerOf(data, others);
  if (certificate === undefined) return 'certificateMissing';
  if (!isOfDigest(data, digest)) return 'digestDifferent';
  const { signedAttributes: content, signature } = data;
  const publicKey = new Uint8Array(0);
  const wish = { content, signature, certificate: certificate.der, publicKey };
  return (await askOnce(meter, file, 'verifySignature', wish, options)).verdict;
}
