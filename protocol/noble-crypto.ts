/**
 * The algorithms in JavaScript alone, by the noble libraries: what the firmware computes with where the board has no
 * crypto engine. Needs no global of its host once loaded (runtimes.md section 2).
 */

import { gcm } from '@noble/ciphers/aes.js';
import { p256 } from '@noble/curves/nist.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { type Crypto, GCM_NONCE_SIZE, PUBLIC_KEY_SIZE, SIGNATURE_SIZE } from './crypto.ts';
import { PRIVATE_KEY_SEED_SIZE, privateKeyFromSeed } from './private-key.ts';

/** Signatures as FIPS 186-5 and RFC 6979 define them: SHA-256 once, s as it comes, which noble would halve by itself. */
const ecdsa = { prehash: true, lowS: false } as const;

/** @param randomBytes the generator that keys and nonces come from */
export function nobleCrypto(randomBytes: (size: number) => Uint8Array): Crypto {
  return {
    randomBytes,
    sha256(...parts) {
      const hash = sha256.create();
      for (const part of parts) hash.update(part);
      return hash.digest();
    },
    hmac(key, ...parts) {
      const mac = hmac.create(sha256, key);
      for (const part of parts) mac.update(part);
      return mac.digest();
    },
    seal: (key, nonce, associated, plaintext) => gcm(key, nonce, associated).encrypt(plaintext),
    open(key, nonce, associated, sealed) {
      if (nonce.length !== GCM_NONCE_SIZE) return undefined; // noble knows other sizes, the meter does not
      const cipher = gcm(key, nonce, associated);
      try {
        return cipher.decrypt(sealed);
      } catch {
        return undefined; // noble tells a wrong tag by throwing
      }
    },
    generateKeyPair() {
      const seed = randomBytes(PRIVATE_KEY_SEED_SIZE);
      const privateKey = privateKeyFromSeed(seed);
      seed.fill(0);
      return { privateKey, publicKey: p256.getPublicKey(privateKey) };
    },
    publicKeyOf: (privateKey) => p256.getPublicKey(privateKey),
    sign: (privateKey, message) => p256.sign(message, privateKey, ecdsa),
    verify(publicKey, message, signature) {
      if (publicKey.length !== PUBLIC_KEY_SIZE || signature.length !== SIGNATURE_SIZE) return false;
      try {
        return p256.verify(signature, message, publicKey, ecdsa);
      } catch {
        return false; // bytes that are no key or no signature
      }
    },
    agree(privateKey, publicKey) {
      const point = readPoint(publicKey);
      if (point === undefined) return undefined;
      const product = point.multiply(p256.Point.Fn.fromBytes(privateKey)).toBytes(true);
      const x = product.slice(1);
      product.fill(0);
      return x;
    },
  };
}

/** Full validation (SP 800-56A 5.6.2.3.3); apart from the multiplication, whose faults are nobody else's to catch. */
function readPoint(publicKey: Uint8Array) {
  if (publicKey.length !== PUBLIC_KEY_SIZE) return undefined;
  try {
    return p256.Point.fromBytes(publicKey);
  } catch {
    return undefined;
  }
}
