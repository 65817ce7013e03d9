/**
 * The self-tests of requirements.md A2: before any output at power-up, on demand, by themselves while power stays on, and for
 * each key pair when it is born or loaded. Any failure is a fault. The numbers are told to the host and never reused.
 */

import type { Hardware, StoredImage } from '#hw/hardware';
import { ascii, equalBytes, wipe } from '#protocol/bytes';
import type { Crypto, KeyPair } from '#protocol/crypto';
import { verifyImage } from '#protocol/documents/image-header';
import type { RunningImage } from './device.ts';
import { Fault } from './fault.ts';
import type { ImageCrypto } from './image-crypto.ts';
import { type KnownAnswer, knownAnswers } from './known-answers.ts';

/** Numbers of the tests beside the known answers, which count from 1 in their own order. */
const selfTests = { imageIntegrity: 32, pairwiseConsistency: 33, signature: 34 } as const;

/** How many known answers stand before the image is checked: the algorithms that check it. */
const INTEGRITY_ALGORITHMS = 3;

/** The algorithms one after the other, from the first-th to the last-th. @throws Fault `selfTestFailed` */
export function checkAlgorithms(crypto: ImageCrypto, first: number, last: number): void {
  for (const [index, test] of knownAnswers.slice(first, last).entries())
    if (!isPassed(test, crypto)) throw new Fault('selfTestFailed', first + index + 1);
}

/** An answer that has not even the right size is a fault where it is used; here it is a wrong one. */
function isPassed({ holds }: KnownAnswer, crypto: ImageCrypto): boolean {
  try {
    return holds(crypto);
  } catch (cause) {
    if (cause instanceof Fault) return false;
    throw cause;
  }
}

function readImage(image: StoredImage): Uint8Array {
  const PIECE = 4096;
  const whole = new Uint8Array(image.size);
  for (let at = 0; at < image.size; at += PIECE)
    whole.set(new Uint8Array(image.read(at, Math.min(PIECE, image.size - at))), at);
  return whole;
}

/**
 * The image as it is stored, under the key of the fuses. What was read and what was computed of it is wiped.
 * @throws Fault `imageInvalid`
 */
export function checkImage(crypto: ImageCrypto, { image, fuses }: Hardware): RunningImage {
  const whole = readImage(image);
  const verified = verifyImage(crypto, new Uint8Array(fuses.imageKey()), whole);
  if (!verified.ok) throw new Fault('imageInvalid', selfTests.imageIntegrity);
  const { imageVersion, securityVersion, bodyForm, bodyDigest } = verified.value.header;
  const digest = bodyDigest.slice();
  wipe(whole);
  return { version: imageVersion, securityVersion, bodyForm, digest };
}

/**
 * Integrity technique first, then the image, then all other algorithms (FIPS 140-3, ISO 19790 7.10.2).
 * @returns what the running image is
 * @throws Fault `selfTestFailed` with the number of the test · `imageInvalid`
 */
export function testImageAndAlgorithms(crypto: ImageCrypto, hardware: Hardware): RunningImage {
  checkAlgorithms(crypto, 0, INTEGRITY_ALGORITHMS);
  const image = checkImage(crypto, hardware);
  checkAlgorithms(crypto, INTEGRITY_ALGORITHMS, knownAnswers.length);
  return image;
}

const PAIR_STATEMENT = ascii('tessera pairwise consistency');

/** Pairwise consistency of a signing key (FIPS 140-3 IG 10.3.A). @throws Fault `selfTestFailed` */
export function checkPair(crypto: Crypto, { privateKey, publicKey }: KeyPair): void {
  const agrees =
    equalBytes(crypto.publicKeyOf(privateKey), publicKey) &&
    crypto.verify(publicKey, PAIR_STATEMENT, crypto.sign(privateKey, PAIR_STATEMENT));
  if (!agrees) throw new Fault('selfTestFailed', selfTests.pairwiseConsistency);
}

/**
 * Algorithms that hand out no signature which does not verify: of a wrong one and a right one over the same bytes, which have
 * the same nonce, the key can be computed. @throws Fault `selfTestFailed`
 */
export function provedSigning(crypto: Crypto, publicKey: Uint8Array): Crypto {
  return {
    ...crypto,
    sign(privateKey, message) {
      const signature = crypto.sign(privateKey, message);
      if (crypto.verify(publicKey, message, signature)) return signature;
      throw new Fault('selfTestFailed', selfTests.signature);
    },
  };
}

/** Whether 33 bytes are a point on the curve: agreeing with it would fail otherwise. */
export function isPublicKey(crypto: Crypto, publicKey: Uint8Array): boolean {
  const probe = new Uint8Array(32);
  probe[31] = 1;
  return crypto.agree(probe, publicKey) !== undefined;
}
