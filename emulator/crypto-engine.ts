/** A crypto engine on node:crypto (hw/crypto-engine.ts), many times as fast as the image by itself and bit for bit the same. */

import {
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type DecipherGCM,
  hash,
  type KeyObject,
  pbkdf2Sync,
} from 'node:crypto';
import type { CryptoEngine } from '#hw/crypto-engine';
import {
  DIGEST_SIZE,
  GCM_NONCE_SIZE,
  GCM_TAG_SIZE,
  PUBLIC_KEY_SIZE,
  SIGNATURE_SIZE,
} from '#protocol/crypto';
import { hmacSha256 } from './hmac-sha256.ts';
import { agree, isSignature, publicKeyOf, sign } from './p256.ts';

/** hw/crypto-engine.ts: limits of one call. */
const PIECE_SIZE_MAX = 4096;
const MAC_KEY_SIZE_MAX = 64;
const CIPHER_KEY_SIZE = 32;

const CIPHER = 'aes-256-gcm';

/** An engine as power finds it: nothing is under way. */
export function createCryptoEngine(): CryptoEngine {
  const message = createIntake();
  return { ...hashUnit(message), ...curveUnit(message), ...macUnit(), ...cipherUnit() };
}

/** What a unit was given since it began, until it is taken. */
interface Intake {
  begin(): void;
  add(data: ArrayBuffer): void;
  take(): Buffer;
}

/** Keeps the pieces, because OpenSSL signs and verifies a message and takes no digest for it. */
function createIntake(): Intake {
  let pieces: Uint8Array[] | undefined;
  return {
    begin() {
      pieces = [];
    },
    add(data) {
      underWay(pieces).push(upTo(PIECE_SIZE_MAX, data));
    },
    take() {
      const whole = Buffer.concat(underWay(pieces));
      pieces = undefined;
      return whole;
    },
  };
}

type HashUnit = Pick<CryptoEngine, 'hashBegin' | 'hashUpdate' | 'hashEnd'>;

function hashUnit({ begin, add, take }: Intake): HashUnit {
  return {
    hashBegin: begin,
    hashUpdate: add,
    hashEnd: () => bufferOf(hash('sha256', take(), 'buffer')),
  };
}

type CurveUnit = Pick<CryptoEngine, 'publicKey' | 'sign' | 'verify' | 'agree'>;

function curveUnit({ take }: Intake): CurveUnit {
  return {
    publicKey: (privateKey) => bufferOf(publicKeyOf(new Uint8Array(privateKey))),
    sign: (privateKey) => bufferOf(sign(new Uint8Array(privateKey), take())),
    verify(publicKey, signature) {
      const key = exactly(PUBLIC_KEY_SIZE, publicKey);
      return isSignature(key, take(), exactly(SIGNATURE_SIZE, signature)) ? 1 : 0;
    },
    agree(privateKey, publicKey) {
      const x = agree(new Uint8Array(privateKey), exactly(PUBLIC_KEY_SIZE, publicKey));
      return x === undefined ? new ArrayBuffer(0) : bufferOf(x);
    },
  };
}

type MacUnit = Pick<CryptoEngine, 'macBegin' | 'macUpdate' | 'macEnd' | 'stretch'>;

function macUnit(): MacUnit {
  const { begin, add, take } = createIntake();
  let key = new Uint8Array(0);
  return {
    macBegin(given) {
      key = upTo(MAC_KEY_SIZE_MAX, given);
      begin();
    },
    macUpdate: add,
    macEnd: () => bufferOf(hmacSha256(key, take())),
    stretch(password, salt, iterations) {
      const secret = upTo(PIECE_SIZE_MAX, password);
      const salted = upTo(PIECE_SIZE_MAX, salt);
      return bufferOf(pbkdf2Sync(secret, salted, iterations, DIGEST_SIZE, 'sha256'));
    },
  };
}

type CipherUnit = Pick<
  CryptoEngine,
  'sealBegin' | 'openBegin' | 'cipherAssociated' | 'cipherUpdate' | 'sealEnd' | 'openEnd'
>;

function cipherUnit(): CipherUnit {
  let sealing: CipherGCM | undefined;
  let opening: DecipherGCM | undefined;
  function begin(): void {
    sealing = undefined;
    opening = undefined;
  }
  return {
    sealBegin(...given) {
      begin();
      sealing = createCipheriv(CIPHER, ...keyAndNonce(...given), { authTagLength: GCM_TAG_SIZE });
    },
    openBegin(...given) {
      begin();
      opening = createDecipheriv(CIPHER, ...keyAndNonce(...given), { authTagLength: GCM_TAG_SIZE });
    },
    cipherAssociated(data) {
      underWay(sealing ?? opening).setAAD(upTo(PIECE_SIZE_MAX, data));
    },
    cipherUpdate: (data) =>
      bufferOf(underWay(sealing ?? opening).update(upTo(PIECE_SIZE_MAX, data))),
    sealEnd() {
      const cipher = underWay(sealing);
      begin();
      cipher.final();
      return bufferOf(cipher.getAuthTag());
    },
    openEnd(tag) {
      const cipher = underWay(opening).setAuthTag(exactly(GCM_TAG_SIZE, tag));
      begin();
      try {
        cipher.final();
        return 1;
      } catch {
        return 0; // the only way OpenSSL has to say that the tag is wrong
      }
    },
  };
}

/** As a key object: of bare bytes Node finds out by a thrown error what they are, which takes longer than to encipher. */
function keyAndNonce(key: ArrayBuffer, nonce: ArrayBuffer): [KeyObject, Uint8Array] {
  return [createSecretKey(exactly(CIPHER_KEY_SIZE, key)), exactly(GCM_NONCE_SIZE, nonce)];
}

function underWay<T>(work: T | undefined): T {
  if (work === undefined) throw new Error('the crypto engine was asked out of turn');
  return work;
}

/** A copy: the firmware wipes what it gave. */
function upTo(sizeMax: number, data: ArrayBuffer): Uint8Array<ArrayBuffer> {
  if (data.byteLength > sizeMax)
    throw new RangeError(`the crypto engine takes ${sizeMax} bytes, not ${data.byteLength}`);
  return new Uint8Array(new Uint8Array(data));
}

function exactly(size: number, data: ArrayBuffer): Uint8Array {
  if (data.byteLength !== size)
    throw new RangeError(`the crypto engine takes ${size} bytes, not ${data.byteLength}`);
  return new Uint8Array(data);
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
