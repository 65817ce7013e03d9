/** The algorithms of Node, with a note of what they drew, sealed and opened. */

import { nodeCrypto } from '#driver/node-crypto';
import type { Crypto, KeyPair } from '#protocol/crypto';

/** What one side sealed or opened. */
export interface SealedText {
  readonly record: Uint8Array;
  readonly plaintext: Uint8Array;
}

export function notingCrypto() {
  const ephemerals: KeyPair[] = [];
  const sealed: SealedText[] = [];
  const opened: SealedText[] = [];
  const crypto: Crypto = {
    ...nodeCrypto,
    generateKeyPair() {
      const pair = nodeCrypto.generateKeyPair();
      ephemerals.push({ ...pair, privateKey: pair.privateKey.slice() });
      return pair;
    },
    seal(key, nonce, associated, plaintext) {
      const record = nodeCrypto.seal(key, nonce, associated, plaintext);
      sealed.push({ record: record.slice(), plaintext: plaintext.slice() });
      return record;
    },
    open(key, nonce, associated, record) {
      const plaintext = nodeCrypto.open(key, nonce, associated, record);
      if (plaintext !== undefined)
        opened.push({ record: record.slice(), plaintext: plaintext.slice() });
      return plaintext;
    },
  };
  return { crypto, ephemerals, sealed, opened };
}
