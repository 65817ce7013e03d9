/** The first code of a board: checks an image before anything of it is evaluated (requirements.md H2, A3). */

import { equalBytes } from '#protocol/bytes';
import { readBytecodeBody } from '#protocol/documents/image-body';
import { type ImageHeader, verifyImage } from '#protocol/documents/image-header';
import { statusEntry } from '#protocol/status-text';
import { bootCrypto } from './boot-crypto.ts';
import type { Program } from './cpu/cpu.ts';

/** An image that may run, with what there is to run; or why it may not. */
export type BootCheck =
  | { readonly ok: true; readonly header: ImageHeader; readonly program: Program }
  | { readonly ok: false; readonly reason: string };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * @param imageKey the key of the fuses: 33 bytes, compressed point on P-256
 * @param securityVersion the least one that may run; an older image is refused
 * @param image header and body as they are stored
 * @param bytecodeEngine what the processor takes bytecode of; undefined where it takes none
 */
export function checkImage(
  imageKey: Uint8Array,
  securityVersion: number,
  image: Uint8Array,
  bytecodeEngine?: string,
): BootCheck {
  const verified = verifyImage(bootCrypto, imageKey, image);
  if (!verified.ok) return refusal(statusEntry(verified.status).text);
  const { header, body } = verified.value;
  if (header.securityVersion < securityVersion)
    return refusal(`Its security version is ${header.securityVersion}, below ${securityVersion}.`);
  switch (header.bodyForm) {
    case 'source':
      return checkSource(header, body);
    case 'bytecode':
      return checkBytecode(header, body, bytecodeEngine);
  }
}

function checkSource(header: ImageHeader, body: Uint8Array): BootCheck {
  const source = sourceOf(header.bodyDigest, body);
  if (source === undefined) return refusal('Its body is not UTF-8.');
  return { ok: true, header, program: { form: 'source', source } };
}

/** What bytecode does is never checked, so that its signature is all that stands for it, and its engine has to be the one. */
function checkBytecode(
  header: ImageHeader,
  body: Uint8Array,
  bytecodeEngine: string | undefined,
): BootCheck {
  const read = readBytecodeBody(body);
  if (!read.ok) return refusal('Its body names no engine.');
  const { engine, bytecode } = read.value;
  if (bytecodeEngine === undefined)
    return refusal(`It is bytecode of ${engine}, and this processor runs source only.`);
  if (engine !== bytecodeEngine)
    return refusal(`It is bytecode of ${engine}, and this processor is ${bytecodeEngine}.`);
  return { ok: true, header, program: { form: 'bytecode', engine, bytecode } };
}

/** The image that was checked last: what has its digest has its source, and boards start one image again and again. */
let known: { readonly digest: Uint8Array; readonly source: string } | undefined;

/** @param digest of the body, which was compared with it */
function sourceOf(digest: Uint8Array, body: Uint8Array): string | undefined {
  if (known !== undefined && equalBytes(known.digest, digest)) return known.source;
  const source = decoded(body);
  if (source !== undefined) known = { digest: digest.slice(), source };
  return source;
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
