/** A private key as the world's tools read it: PrivateKeyInfo (RFC 5958, RFC 5915), of P-256 alone. */

import { hexToBytes } from '@noble/hashes/utils.js';
import { joinBytes } from './bytes.ts';
import { uncompressedPoint } from './point.ts';

/** All that stands before the private key: its algorithm and the lengths, which never change. */
const HEAD = hexToBytes('308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420');
/** What stands between it and its public key. */
const BETWEEN = hexToBytes('a144034200');

/**
 * 138 bytes, in one piece so that no copy of the key is left behind; the caller's to wipe.
 * @throws RangeError where the public key is no point
 */
export function privateKeyInfo(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const point = uncompressedPoint(publicKey);
  if (point === undefined) throw new RangeError('no point of the curve');
  return joinBytes(HEAD, privateKey, BETWEEN, point);
}
