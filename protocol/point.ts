/** A public key with both of its coordinates, as X.509 wants it (SEC 1 2.3.3, 2.3.4). No secret is here, so time may tell. */

import { hexToBytes } from '@noble/hashes/utils.js';
import { joinBytes } from './bytes.ts';

/** The field of P-256 and the constant of its curve (SP 800-186 3.2.1.3). */
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

const numberOf = (bytes: Uint8Array): bigint =>
  bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n);

/** P is 3 modulo 4, so that this power of a square is its root. */
function rootOf(square: bigint): bigint {
  let root = 1n;
  let power = square;
  for (let exponent = (P + 1n) / 4n; exponent > 0n; exponent /= 2n) {
    if (exponent % 2n === 1n) root = (root * power) % P;
    power = (power * power) % P;
  }
  return root;
}

/** 65 bytes of a key of 33; undefined where it is no point of the curve. */
export function uncompressedPoint(publicKey: Uint8Array): Uint8Array | undefined {
  const [form = 0] = publicKey;
  const x = numberOf(publicKey.subarray(1));
  if (publicKey.length !== 33 || (form !== 2 && form !== 3) || x >= P) return undefined;
  const square = (((x * x + P - 3n) % P) * x + B) % P;
  const root = rootOf(square);
  if ((root * root) % P !== square) return undefined;
  const y = root % 2n === BigInt(form % 2) ? root : P - root;
  const digits = hexToBytes(y.toString(16).padStart(64, '0'));
  return joinBytes(Uint8Array.of(4), publicKey.subarray(1), digits);
}

/** 33 bytes of a key of 65 or 33; undefined where it has neither form. Whether it is a point is found when it is used. */
export function compressedPoint(point: Uint8Array): Uint8Array | undefined {
  if (point.length === 33 && (point[0] === 2 || point[0] === 3)) return point;
  if (point.length !== 65 || point[0] !== 4) return undefined;
  const compressed = joinBytes(
    Uint8Array.of(2 + ((point[64] as number) % 2)),
    point.subarray(1, 33),
  );
  const whole = uncompressedPoint(compressed);
  return whole?.every((byte, at) => byte === point[at]) === true ? compressed : undefined;
}
