/**
 * Ciphers that carry keys to others (requirements.md D3, D6; domain.md R51): AES key wrap (RFC 3394, SP 800-38F) and AES-CBC
 * (SP 800-38A), by software on every board, since no engine has them. Evaluated when they are first asked for.
 */

import { hexToBytes } from '@noble/hashes/utils.js';
import { equalBytes, joinBytes, wipe } from '#protocol/bytes';
import type { Crypto } from '#protocol/crypto';
import { x963Key } from '#protocol/kdf';
import { BLOCK_SIZE, type BlockCipher, withAes } from './aes.ts';

/** What is wrapped in front of a key, and is looked for when it is unwrapped (RFC 3394 2.2.3.1). */
const CHECK = new Uint8Array(8).fill(0xa6);
const HALF = 8;
const PASSES = 6;

/** @param key 16 bytes or more, a multiple of 8 */
export function wrapKey(wrappingKey: Uint8Array, key: Uint8Array): Uint8Array {
  const wrapped = joinBytes(CHECK, key);
  withAes(wrappingKey, (cipher) => {
    for (let step = 1; step <= PASSES * (key.length / HALF); step++)
      exchange(wrapped, step, (block) => {
        cipher.encrypt(block);
        (block[HALF - 1] as number) ^= step;
      });
  });
  return wrapped;
}

/** @param wrapped 24 bytes or more, a multiple of 8; undefined where it was wrapped under another key, or changed */
export function unwrapKey(wrappingKey: Uint8Array, wrapped: Uint8Array): Uint8Array | undefined {
  const opened = wrapped.slice();
  withAes(wrappingKey, (cipher) => {
    for (let step = PASSES * (wrapped.length / HALF - 1); step > 0; step--)
      exchange(opened, step, (block) => {
        (block[HALF - 1] as number) ^= step;
        cipher.decrypt(block);
      });
  });
  const key = equalBytes(opened.subarray(0, HALF), CHECK) ? opened.slice(HALF) : undefined;
  wipe(opened);
  return key;
}

/** The check value and the half block of this step go through the cipher together (RFC 3394 2.2.1, 2.2.2). */
function exchange(bytes: Uint8Array, step: number, use: (block: Uint8Array) => void): void {
  const at = HALF * (1 + ((step - 1) % (bytes.length / HALF - 1)));
  const block = joinBytes(bytes.subarray(0, HALF), bytes.subarray(at, at + HALF));
  use(block);
  bytes.set(block.subarray(0, HALF));
  bytes.set(block.subarray(HALF), at);
  wipe(block);
}

/** AES-256-CBC with the padding of PKCS#7. */
export function encryptCbc(key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const padding = BLOCK_SIZE - (plaintext.length % BLOCK_SIZE);
  const text = joinBytes(plaintext, new Uint8Array(padding).fill(padding));
  withAes(key, (cipher) => chain(cipher, iv, text));
  return text;
}

function chain(cipher: BlockCipher, iv: Uint8Array, text: Uint8Array): void {
  let before = iv;
  for (let at = 0; at < text.length; at += BLOCK_SIZE) {
    const block = text.subarray(at, at + BLOCK_SIZE);
    for (let byte = 0; byte < BLOCK_SIZE; byte++) (block[byte] as number) ^= before[byte] as number;
    cipher.encrypt(block);
    before = block;
  }
}

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
