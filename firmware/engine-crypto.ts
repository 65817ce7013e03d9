/**
 * The algorithms of the image by the board's crypto engine (hw/crypto-engine.ts). The size of an answer is checked here,
 * what it says by the known answers. What the engine is given are copies, which are wiped behind the call.
 */

import type { CryptoEngine } from '#hw/crypto-engine';
import { joinBytes, wipe } from '#protocol/bytes';
import {
  DIGEST_SIZE,
  GCM_NONCE_SIZE,
  GCM_TAG_SIZE,
  PUBLIC_KEY_SIZE,
  SIGNATURE_SIZE,
} from '#protocol/crypto';
import { PRIVATE_KEY_SEED_SIZE, privateKeyFromSeed } from '#protocol/private-key';
import { invariant } from './fault.ts';
import type { ImageCrypto } from './image-crypto.ts';

/** Most bytes of one call; a multiple of the block of the cipher. */
const PIECE_SIZE = 4096;
/** A longer key of HMAC is used by its digest (FIPS 198-1, 4). */
const MAC_KEY_SIZE_MAX = 64;

export function engineCrypto(
  engine: CryptoEngine,
  randomBytes: ImageCrypto['randomBytes'],
): ImageCrypto {
  return { randomBytes, ...digests(engine), ...cipher(engine), ...curve(engine, randomBytes) };
}

/** Hands a copy to the engine, as a buffer with nothing else in it. */
function lend<T>(bytes: Uint8Array, use: (buffer: ArrayBuffer) => T): T {
  const copy = bytes.slice();
  try {
    return use(copy.buffer);
  } finally {
    copy.fill(0);
  }
}

function feed(parts: readonly Uint8Array[], update: (piece: ArrayBuffer) => void): void {
  for (const part of parts)
    for (let at = 0; at < part.length; at += PIECE_SIZE)
      lend(part.subarray(at, at + PIECE_SIZE), update);
}

/** An answer of another size is none: one that is too short would leave the rest of a key zero. */
function answered(buffer: ArrayBuffer, size: number): Uint8Array {
  invariant(buffer.byteLength === size);
  return new Uint8Array(buffer);
}

function isYes(verdict: number): boolean {
  invariant(verdict === 0 || verdict === 1);
  return verdict === 1;
}

function digests(engine: CryptoEngine): Pick<ImageCrypto, 'sha256' | 'hmac' | 'stretchPassword'> {
  function sha256(...parts: readonly Uint8Array[]): Uint8Array {
    hash(engine, parts);
    return answered(engine.hashEnd(), DIGEST_SIZE);
  }
  return {
    sha256,
    hmac(key, ...parts) {
      const used = key.length > MAC_KEY_SIZE_MAX ? sha256(key) : key;
      lend(used, (buffer) => engine.macBegin(buffer));
      if (used !== key) wipe(used);
      feed(parts, (piece) => engine.macUpdate(piece));
      return answered(engine.macEnd(), DIGEST_SIZE);
    },
    stretchPassword: (password, salt, iterations) =>
      lend(password, (secret) =>
        lend(salt, (salted) => answered(engine.stretch(secret, salted, iterations), DIGEST_SIZE)),
      ),
  };
}

/** Leaves the message in the hash unit, from where a digest, a signature or a verdict is asked. */
function hash(engine: CryptoEngine, parts: readonly Uint8Array[]): void {
  engine.hashBegin();
  feed(parts, (piece) => engine.hashUpdate(piece));
}

function cipher(engine: CryptoEngine): Pick<ImageCrypto, 'seal' | 'open'> {
  function crypt(associated: Uint8Array, text: Uint8Array): Uint8Array {
    feed([associated], (piece) => engine.cipherAssociated(piece));
    const pieces: Uint8Array[] = [];
    feed([text], (piece) => pieces.push(answered(engine.cipherUpdate(piece), piece.byteLength)));
    const whole = joinBytes(...pieces);
    wipe(...pieces);
    return whole;
  }
  return {
    seal(key, nonce, associated, plaintext) {
      lend(key, (secret) => lend(nonce, (used) => engine.sealBegin(secret, used)));
      const ciphertext = crypt(associated, plaintext);
      return joinBytes(ciphertext, answered(engine.sealEnd(), GCM_TAG_SIZE));
    },
    open(key, nonce, associated, sealed) {
      const size = sealed.length - GCM_TAG_SIZE;
      if (size < 0 || nonce.length !== GCM_NONCE_SIZE) return undefined;
      lend(key, (secret) => lend(nonce, (used) => engine.openBegin(secret, used)));
      const plaintext = crypt(associated, sealed.subarray(0, size));
      if (isYes(lend(sealed.subarray(size), (tag) => engine.openEnd(tag)))) return plaintext;
      wipe(plaintext);
      return undefined;
    },
  };
}

function curve(
  engine: CryptoEngine,
  randomBytes: ImageCrypto['randomBytes'],
): Pick<ImageCrypto, 'generateKeyPair' | 'publicKeyOf' | 'sign' | 'verify' | 'agree'> {
  function publicKeyOf(privateKey: Uint8Array): Uint8Array {
    return lend(privateKey, (buffer) => answered(engine.publicKey(buffer), PUBLIC_KEY_SIZE));
  }
  return {
    generateKeyPair() {
      const seed = randomBytes(PRIVATE_KEY_SEED_SIZE);
      const privateKey = privateKeyFromSeed(seed);
      wipe(seed);
      return { privateKey, publicKey: publicKeyOf(privateKey) };
    },
    publicKeyOf,
    sign(privateKey, message) {
      hash(engine, [message]);
      return lend(privateKey, (buffer) => answered(engine.sign(buffer), SIGNATURE_SIZE));
    },
    verify(publicKey, message, signature) {
      if (publicKey.length !== PUBLIC_KEY_SIZE || signature.length !== SIGNATURE_SIZE) return false;
      hash(engine, [message]);
      return lend(publicKey, (key) => lend(signature, (rs) => isYes(engine.verify(key, rs))));
    },
    agree(privateKey, publicKey) {
      if (publicKey.length !== PUBLIC_KEY_SIZE) return undefined;
      const x = lend(privateKey, (secret) => lend(publicKey, (key) => engine.agree(secret, key)));
      return x.byteLength === 0 ? undefined : answered(x, DIGEST_SIZE);
    },
  };
}
