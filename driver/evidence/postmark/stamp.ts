/** Asking a meter for postmarks and their validation (requirements.md D1, D2; P figs. 3 and 4). */

import { equalBytes } from '#protocol/bytes';
import type { PostmarkVerdict } from '#protocol/commands/postmarks';
import { askOnce, type ChargedOptions } from '../../charged.ts';
import type { Meter } from '../../meter.ts';
import { signerOf } from '../cms/signed-data.ts';
import { sha256 } from '../digest.ts';
import type { HostCertificate } from '../x509/certificate.ts';
import { encodeTimeStampToken, readTimeStampToken, type TimeStamp } from './time-stamp.ts';

/** A key for postmarks and the certificate that goes with it. */
export interface StampKey {
  readonly number: number;
  /** DER. */
  readonly certificate: Uint8Array;
}

/** What a postmark is put on. */
export interface StampContent {
  /** SHA-256. */
  readonly digest: Uint8Array;
  /** The content itself, where the meter is to hash it. */
  readonly parts?: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export interface StampOptions extends ChargedOptions {
  /** Big-endian, 20 bytes at most. */
  readonly nonce?: Uint8Array;
  /** Certificates that go with the token; that of the key unless given. */
  readonly enclosed?: readonly Uint8Array[];
}

/**
 * The first active key for postmarks of which the certificate is known.
 * @returns undefined where there is none
 */
export async function findStampKey(
  meter: Meter,
  certificates: readonly HostCertificate[],
  number?: number,
): Promise<StampKey | undefined> {
  const { keys } = await meter.userKeys();
  for (const key of keys) {
    if (!key.isActive || !key.uses.timeStamp) continue;
    if (number !== undefined && key.number !== number) continue;
    const found = certificates.find(({ der }) => equalBytes(sha256(der), key.certificateDigest));
    if (found !== undefined) return { number: key.number, certificate: found.der };
  }
  return undefined;
}

/**
 * Gives one postmark as a TimeStampToken. What failed between is taken up by the next call.
 * @param file where it is noted what is under way (charged.ts)
 * @throws RefusedError, LinkError, or the reason of the signal
 */
export async function stamp(
  meter: Meter,
  file: string,
  key: StampKey,
  content: StampContent,
  options: StampOptions = {},
): Promise<Uint8Array> {
  const { nonce = new Uint8Array(0), enclosed, signal } = options;
  const { digest, parts } = content;
  const wish = { number: key.number, isStreamed: parts !== undefined, digest, nonce };
  const prepare = async (): Promise<void> => {
    if (parts !== undefined) await hashInMeter(meter, parts, signal);
  };
  const signed = await askOnce(meter, file, 'postmark', wish, { ...options, prepare });
  return encodeTimeStampToken(signed, key.certificate, enclosed);
}

/** What a request of this size leaves to the content. */
const PART_SIZE = 8192;

/** Sends content to the meter, which hashes it. */
async function hashInMeter(
  meter: Meter,
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  let isFirst = true;
  const send = async (data: Uint8Array): Promise<void> => {
    await meter.hashContent({ isFirst, data }, { signal });
    isFirst = false;
  };
  for await (const part of parts)
    for (let at = 0; at < part.length; at += PART_SIZE)
      await send(Uint8Array.from(part.subarray(at, at + PART_SIZE)));
  if (isFirst) await send(new Uint8Array(0));
}

/** What a meter found about a postmark, and charged for. */
export async function validateInMeter(
  meter: Meter,
  file: string,
  { data, tstInfo }: TimeStamp,
  digest: Uint8Array,
  others: readonly HostCertificate[] = [],
  options: ChargedOptions = {},
): Promise<PostmarkVerdict | 'certificateMissing'> {
  const certificate = signerOf(data, others)?.der;
  if (certificate === undefined) return 'certificateMissing';
  const { signedAttributes, signature } = data;
  const { verdict } = await askOnce(
    meter,
    file,
    'validatePostmark',
    { isStreamed: false, digest, certificate, tstInfo, signedAttributes, signature },
    options,
  );
  return verdict;
}

/** The time-stamp that was just made. @throws Error where it is none: the meter gave something else */
export function ownTimeStamp(token: Uint8Array): TimeStamp {
  const timeStamp = readTimeStampToken(token);
  if (timeStamp === undefined) throw new Error('the meter gave something that is no postmark');
  return timeStamp;
}
