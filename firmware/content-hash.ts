/**
 * The hash of a content that comes in parts (requirements.md D1; P fig. 3, 304): by software on every board, since the hash
 * unit of an engine is needed for the sealed records that bring the parts. Evaluated when it is first asked for.
 */

import { sha256 } from '@noble/hashes/sha2.js';
import { ascii, equalBytes } from '#protocol/bytes';
import type { Crypto } from '#protocol/crypto';

export interface ContentHash {
  update(part: Uint8Array): void;
  /** 32 bytes; once. */
  digest(): Uint8Array;
}

export const createContentHash = (): ContentHash => sha256.create();

/** Whether it gives what the tested algorithm gives, for two parts. */
export function agreesWith({ sha256: tested }: Pick<Crypto, 'sha256'>): boolean {
  const parts = [ascii('tessera content '), ascii('hash')] as const;
  const hash = createContentHash();
  for (const part of parts) hash.update(part);
  return equalBytes(hash.digest(), tested(...parts));
}
