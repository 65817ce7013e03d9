/** Postmarks as they are kept: a response of RFC 3161, a token alone, the bytes of a symbol, or a picture of it. */

import { scanSymbols } from '#authority/scan/scan';
import { sha256OfFile } from '#driver/evidence/digest';
import { isCompactPostmark, tokenOfCompact } from '#driver/evidence/postmark/compact';
import { tokenIn } from '#driver/evidence/postmark/exchange';
import { readTimeStampToken, type TimeStamp } from '#driver/evidence/postmark/time-stamp';
import type { HostCertificate } from '#driver/evidence/x509/certificate';
import { readFileNamed } from '../../certificate-files.ts';
import { Failure } from '../../failure.ts';

/** DER begins with a SEQUENCE. */
const SEQUENCE = 0x30;

/**
 * @param known certificates, of which a printed postmark names one
 * @throws Failure where there is none
 */
export async function timeStampIn(
  path: string,
  known: readonly HostCertificate[],
): Promise<TimeStamp> {
  const file = readFileNamed(path);
  const compact = file[0] === SEQUENCE ? undefined : await compactIn(file);
  const token = compact === undefined ? tokenIn(file) : tokenOfCompact(compact, known);
  if (compact !== undefined && token === undefined)
    throw new Failure(
      'certificateMissing',
      'The certificate of this printed postmark is not known here.',
      'Name its file with --certificate: it is not on the paper.',
    );
  const timeStamp = token && readTimeStampToken(token);
  if (timeStamp !== undefined) return timeStamp;
  throw new Failure(
    'postmarkMalformed',
    `${path} holds no postmark that can be read.`,
    'Name a .tsr file, which has a response or a token in DER, or a picture of a label.',
  );
}

/** The bytes of a symbol, in a file of their own or in a picture. */
async function compactIn(file: Uint8Array): Promise<Uint8Array | undefined> {
  if (isCompactPostmark(file)) return file;
  try {
    return (await scanSymbols(file)).map(({ bytes }) => bytes).find(isCompactPostmark);
  } catch {
    return undefined; // no picture at all; the caller says that there is no postmark
  }
}

/** SHA-256 of a file. @throws Failure where it cannot be read */
export async function digestOfFile(path: string): Promise<Uint8Array> {
  try {
    return await sha256OfFile(path);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('fileMissing', message, 'Name a file that can be read.');
  }
}
