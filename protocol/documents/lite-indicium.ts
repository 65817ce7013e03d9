/**
 * The digital token under a secret key (requirements.md C2; domain.md 1.2): 20 bytes, of which 6 are a truncated
 * HMAC-SHA-256 (SP 800-107 rev. 1, 5.3.5) that only the authority can check.
 */

import { equalBytes, joinBytes } from '../bytes.ts';
import type { Crypto } from '../crypto.ts';
import type { Mills } from '../mills.ts';
import { ibiLiteLayout, readIbiLite } from './legacy-indicium.ts';

export const LITE_INDICIUM_SIZE = 20;
export const TOKEN_SIZE = 6;
const LITE_VERSION = 0xff;

export interface LiteFields {
  readonly pieceCount: number;
  /** What the authority calls vendor and model, and the meter, in such indicia. */
  readonly model: number;
  readonly serial: number;
  readonly postage: Mills;
  readonly serviceId: number;
}

/** The 14 bytes that both tokens are made of. */
export function liteCore(fields: LiteFields): Uint8Array {
  const mac = new Uint8Array(TOKEN_SIZE);
  return ibiLiteLayout.encode({ version: LITE_VERSION, ...fields, mac }).slice(0, -TOKEN_SIZE);
}

/** Of the postal key, in the indicium; or of the vendor key, beside it. */
export const tokenOf = (crypto: Crypto, key: Uint8Array, core: Uint8Array): Uint8Array =>
  crypto.hmac(key, core).slice(0, TOKEN_SIZE);

/** @param token of the postal key */
export const joinLite = (core: Uint8Array, token: Uint8Array): Uint8Array => joinBytes(core, token);

/** Whether a lite indicium has the token of this key. */
export function hasToken(crypto: Crypto, key: Uint8Array, indicium: Uint8Array): boolean {
  const core = indicium.subarray(0, -TOKEN_SIZE);
  return (
    indicium.length === LITE_INDICIUM_SIZE &&
    equalBytes(tokenOf(crypto, key, core), indicium.subarray(-TOKEN_SIZE))
  );
}

/** What it tells, whoever made it. Refusal: `documentMalformed`. */
export const readLite = readIbiLite;
