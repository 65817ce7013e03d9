/** The first code of a board: checks an image before anything of it is evaluated (requirements.md H2, A3). */

import { type ImageHeader, verifyImage } from '#protocol/documents/image-header';
import { statusEntry } from '#protocol/status';
import { bootCrypto } from './boot-crypto.ts';

/** An image that may run, with its source; or why it may not. */
export type BootCheck =
  | { readonly ok: true; readonly header: ImageHeader; readonly source: string }
  | { readonly ok: false; readonly reason: string };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * @param imageKey the key of the fuses: 33 bytes, compressed point on P-256
 * @param securityVersion the least one that may run; an older image is refused
 * @param image header and body as they are stored
 */
export function checkImage(
  imageKey: Uint8Array,
  securityVersion: number,
  image: Uint8Array,
): BootCheck {
  const verified = verifyImage(bootCrypto, imageKey, image);
  if (!verified.ok) return refusal(statusEntry(verified.status).text);
  const { header, body } = verified.value;
  if (header.securityVersion < securityVersion)
    return refusal(`Its security version is ${header.securityVersion}, below ${securityVersion}.`);
  const source = decoded(body);
  if (source === undefined) return refusal('Its body is not UTF-8.');
  return { ok: true, header, source };
}

function refusal(reason: string): BootCheck {
  return { ok: false, reason };
}

function decoded(body: Uint8Array): string | undefined {
  try {
    return utf8.decode(body);
  } catch {
    return undefined; // the only way TextDecoder has to say so
  }
}
