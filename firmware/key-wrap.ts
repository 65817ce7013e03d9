/**
 * Ciphers that carry keys to others (requirements.md D3, D6; domain.md R51): AES key wrap (RFC 3394, SP 800-38F) and AES-CBC
 * (SP 800-38A), by software on every board, since no engine has them. Evaluated when they are first asked for.
 */

import { aeskw, cbc } from '@noble/ciphers/aes.js';
import { hexToBytes } from '@noble/hashes/utils.js';
import { equalBytes } from '#protocol/bytes';
import type { Crypto } from '#protocol/crypto';
import { x963Key } from '#protocol/kdf';

/** @param key 16 bytes or more, a multiple of 8 */
export const wrapKey = (wrappingKey: Uint8Array, key: Uint8Array): Uint8Array =>
  aeskw(wrappingKey).encrypt(key);

/** @param wrapped 24 bytes or more, a multiple of 8; undefined where it was wrapped under another key, or changed */
export function unwrapKey(wrappingKey: Uint8Array, wrapped: Uint8Array): Uint8Array | undefined {
  try {
    return aeskw(wrappingKey).decrypt(wrapped);
  } catch {
    return undefined; // noble tells a wrong check value by throwing
  }
}

/** AES-256-CBC with the padding of PKCS#7. */
export const encryptCbc = (key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Uint8Array =>
  cbc(key, iv).encrypt(plaintext);

const hex = hexToBytes;
/** RFC 3394 4.6. */
const KEY = hex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f');
const DATA = hex('00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f');
const WRAPPED = hex(
  '28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21',
);

/** Known answers, in the order of their numbers. */
export const keyWrapAnswers: readonly ((crypto: Pick<Crypto, 'sha256'>) => boolean)[] = [
  () => {
    const unwrapped = unwrapKey(KEY, WRAPPED);
    const isOpened = unwrapped !== undefined && equalBytes(unwrapped, DATA);
    return isOpened && equalBytes(wrapKey(KEY, DATA), WRAPPED) && !unwrapKey(DATA, WRAPPED);
  },
  () =>
    equalBytes(
      encryptCbc(KEY, DATA.subarray(0, 16), DATA),
      hex(
        'f29000b62a499fd0a9f39a6add2e77809ae5938fd55ac626f850863ea37099d47ce690accb10908137dbff637a51bd32',
      ),
    ),
  (crypto) =>
    equalBytes(
      x963Key(crypto, KEY, DATA, 40),
      hex('6b1bce38346dba8c5f7afe5c201d7b41af74929f805fec02aa30c893d1c3249aa599ef1b25b3c43a'),
    ),
];
