/**
 * Documents as they are handed out today: what an earlier key of the authority signed is signed anew, with the same content,
 * since whoever has the key of today takes no other (requirements.md D8).
 */

import { equalBytes } from '#protocol/bytes';
import { keyId } from '#protocol/documents/key-id';
import type { IssuedDocument } from '#protocol/documents/signed-document';
import type { AuthorityContext } from './context.ts';

/** @throws Error where the bytes are no such document: a record is damaged */
export function signedAnew<T extends object>(
  { crypto, keys }: Pick<AuthorityContext, 'crypto' | 'keys'>,
  document: IssuedDocument<T>,
  bytes: Uint8Array,
): Uint8Array {
  const read = document.read(bytes);
  if (!read.ok) throw new Error(`the record of a document ${document.magic} is damaged`);
  const isOfToday = equalBytes(read.value.issuerKeyId, keyId(crypto, keys.publicKey));
  return isOfToday ? bytes : document.issue(crypto, keys, read.value);
}
