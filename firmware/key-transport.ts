/**
 * Keys on their way to others and back (requirements.md D3, D6; domain.md R51; RFC 5753, RFC 5084, RFC 8018): what CMS and
 * PKCS#8 have around them is the host's to write.
 */

import { wipe } from '#protocol/bytes';
import { GCM_NONCE_SIZE } from '#protocol/crypto';
import { expandKey, x963Key } from '#protocol/kdf';
import { PRIVATE_KEY_SEED_SIZE, privateKeyFromSeed } from '#protocol/private-key';
import { keyWrapSharedInfo } from '#protocol/shared-info';
import { Fault, invariant } from './fault.ts';
import type { ImageCrypto } from './image-crypto.ts';

/** Evaluated when a key is first wrapped; see board-crypto.ts. */
declare function require(module: './key-wrap.ts'): typeof import('./key-wrap.ts');

/** Number of the first of the self-tests of these ciphers; see self-test.ts. */
const FIRST_TEST = 36;

/** A key of AES-256. */
const CONTENT_KEY_SIZE = 32;
const CBC_NONCE_SIZE = 16;
const NOTHING = new Uint8Array(0);

/** The ciphers, each time they are wanted tested. @throws Fault `selfTestFailed` */
function tested(crypto: ImageCrypto) {
  const { keyWrapAnswers, wrapKey, unwrapKey, encryptCbc } = require('./key-wrap.ts');
  for (const [index, holds] of keyWrapAnswers.entries())
    if (!holds(crypto)) throw new Fault('selfTestFailed', FIRST_TEST + index);
  return { wrapKey, unwrapKey, encryptCbc };
}

/** A key for a content, and how a receiver gets it. */
export interface KeyForReceiver {
  readonly ephemeralKey: Uint8Array;
  readonly wrappedKey: Uint8Array;
  /** The caller's to wipe. */
  readonly contentKey: Uint8Array;
}

/**
 * A key for a content that a receiver can open: the same for the same seed.
 * @param seed 32 random bytes of this use alone, the caller's to wipe
 * @param receiverKey a point, which was judged
 */
export function keyForReceiver(
  crypto: ImageCrypto,
  receiverKey: Uint8Array,
  seed: Uint8Array,
): KeyForReceiver {
  const { wrapKey } = tested(crypto);
  const size = PRIVATE_KEY_SEED_SIZE + CONTENT_KEY_SIZE;
  const derived = expandKey(crypto, seed, 'tessera key transport', receiverKey, size);
  const privateKey = privateKeyFromSeed(derived.subarray(0, PRIVATE_KEY_SEED_SIZE));
  const contentKey = derived.slice(PRIVATE_KEY_SEED_SIZE);
  wipe(derived);
  try {
    const ephemeralKey = crypto.publicKeyOf(privateKey);
    const wrappedKey = withWrappingKey(
      crypto,
      privateKey,
      receiverKey,
      keyWrapSharedInfo,
      CONTENT_KEY_SIZE,
      (wrappingKey) => wrapKey(wrappingKey, contentKey),
    );
    invariant(wrappedKey !== undefined);
    return { ephemeralKey, wrappedKey, contentKey };
  } finally {
    wipe(privateKey);
  }
}

export interface WrappedKey {
  readonly ephemeralKey: Uint8Array;
  readonly sharedInfo: Uint8Array;
  readonly wrapKeySize: number;
  readonly wrappedKey: Uint8Array;
}

/** The key of a content that was wrapped for this key; undefined where it was not, or the other key is no point. */
export function unwrapFor(
  crypto: ImageCrypto,
  privateKey: Uint8Array,
  { ephemeralKey, sharedInfo, wrapKeySize, wrappedKey }: WrappedKey,
): Uint8Array | undefined {
  const { unwrapKey } = tested(crypto);
  return withWrappingKey(crypto, privateKey, ephemeralKey, sharedInfo, wrapKeySize, (wrappingKey) =>
    unwrapKey(wrappingKey, wrappedKey),
  );
}

/** Lends the key that two parties agree on; undefined where the other's is no point. */
function withWrappingKey<T>(
  crypto: ImageCrypto,
  privateKey: Uint8Array,
  publicKey: Uint8Array,
  sharedInfo: Uint8Array,
  size: number,
  use: (wrappingKey: Uint8Array) => T,
): T | undefined {
  const secret = crypto.agree(privateKey, publicKey);
  if (secret === undefined) return undefined;
  const wrappingKey = x963Key(crypto, secret, sharedInfo, size);
  wipe(secret);
  try {
    return use(wrappingKey);
  } finally {
    wipe(wrappingKey);
  }
}

/** Something secret, encrypted. */
export interface Encrypted {
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** For whoever has the key of a public key: AES-256-GCM under a fresh key that only they can open. */
export function encryptToReceiver(
  crypto: ImageCrypto,
  receiverKey: Uint8Array,
  secret: Uint8Array,
): Encrypted & Omit<KeyForReceiver, 'contentKey'> {
  const seed = crypto.randomBytes(CONTENT_KEY_SIZE);
  const { contentKey, ...told } = keyForReceiver(crypto, receiverKey, seed);
  const nonce = crypto.randomBytes(GCM_NONCE_SIZE);
  const ciphertext = crypto.seal(contentKey, nonce, NOTHING, secret);
  wipe(seed, contentKey);
  return { nonce, ciphertext, ...told };
}

/** Under what was made of a password: AES-256-CBC, which PBES2 has. */
export function encryptUnderPassword(
  crypto: ImageCrypto,
  passwordKey: Uint8Array,
  secret: Uint8Array,
): Encrypted {
  const nonce = crypto.randomBytes(CBC_NONCE_SIZE);
  return { nonce, ciphertext: tested(crypto).encryptCbc(passwordKey, nonce, secret) };
}
