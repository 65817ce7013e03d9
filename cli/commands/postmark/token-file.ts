/** Files of postmarks: a response of RFC 3161, or a token alone. */

import { sha256OfFile } from '#driver/evidence/digest';
import { tokenIn } from '#driver/evidence/postmark/exchange';
import { readTimeStampToken, type TimeStamp } from '#driver/evidence/postmark/time-stamp';
import { readFileNamed } from '../../certificate-files.ts';
import { Failure } from '../../failure.ts';

/** @throws Failure where there is none */
export function timeStampIn(path: string): TimeStamp {
  const token = tokenIn(readFileNamed(path));
  const timeStamp = token && readTimeStampToken(token);
  if (timeStamp !== undefined) return timeStamp;
  throw new Failure(
    'postmarkMalformed',
    `${path} holds no time-stamp of RFC 3161 that can be read.`,
    'Name a .tsr file, which has a response or a token in DER.',
  );
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
