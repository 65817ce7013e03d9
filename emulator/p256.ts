/**
 * The curve P-256 by node:crypto, for boot ROM and crypto engine: OpenSSL, held to what the meter's other implementation
 * takes and gives. A signature is the one that RFC 6979 defines, which OpenSSL could not be told to make.
 */

import { createECDH, createPublicKey, ECDH, hash, type KeyObject, verify } from 'node:crypto';
import { PRIVATE_KEY_SIZE, PUBLIC_KEY_SIZE, SIGNATURE_SIZE } from '#protocol/crypto';
import { hmacSha256 } from './hmac-sha256.ts';

const CURVE = 'prime256v1';
const COORDINATE_SIZE = 32;
/** The order of the group (SP 800-186 3.2.1.3). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Keys that were read: to read one takes longer than to verify with it, and a board has few. */
const KEYS_MAX = 64;
const keys = new Map<string, KeyObject>();

/** Undefined for bytes that are no compressed point of the curve. */
function publicKeyObject(publicKey: Uint8Array): KeyObject | undefined {
  if (!isCompressed(publicKey)) return undefined;
  const name = Buffer.from(publicKey).toString('latin1');
  const key = keys.get(name) ?? readPublicKey(publicKey);
  if (keys.size >= KEYS_MAX) keys.clear();
  if (key !== undefined) keys.set(name, key);
  return key;
}

function readPublicKey(publicKey: Uint8Array): KeyObject | undefined {
  try {
    const point = ECDH.convertKey(publicKey, CURVE) as Buffer; // 04 ‖ x ‖ y (SEC 1 2.3.3)
    const x = point.subarray(1, 1 + COORDINATE_SIZE).toString('base64url');
    const y = point.subarray(1 + COORDINATE_SIZE).toString('base64url');
    return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  } catch {
    return undefined; // the only way Node has to say so
  }
}

/** Node would take the other forms of a point too. */
function isCompressed(publicKey: Uint8Array): boolean {
  return publicKey.length === PUBLIC_KEY_SIZE && (publicKey[0] === 0x02 || publicKey[0] === 0x03);
}

/** ECDSA with SHA-256. False for bytes that are no key or no signature; low and high s are both right. */
export function isSignature(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== SIGNATURE_SIZE) return false;
  const key = publicKeyObject(publicKey);
  if (key === undefined) return false;
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

/** @throws RangeError for what is no private key of the curve: OpenSSL would take some of it */
export function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  return pointOf(scalarOf(privateKey));
}

/** The point that is a scalar times the base point, compressed. */
function pointOf(scalar: bigint): Uint8Array {
  const ecdh = createECDH(CURVE);
  ecdh.setPrivateKey(bytesOf(scalar));
  return ecdh.getPublicKey(null, 'compressed');
}

/** The x coordinate; undefined for bytes that are no compressed point. @throws RangeError as {@link publicKeyOf} */
export function agree(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined {
  const scalar = scalarOf(privateKey);
  if (!isCompressed(publicKey)) return undefined;
  const ecdh = createECDH(CURVE);
  ecdh.setPrivateKey(bytesOf(scalar));
  try {
    return ecdh.computeSecret(publicKey);
  } catch {
    return undefined; // the only way Node has to say that this is no point
  }
}

/** r ‖ s with k by RFC 6979 and s as it comes (FIPS 186-5 6.4.1). @throws RangeError as {@link publicKeyOf} */
export function sign(privateKey: Uint8Array, message: Uint8Array): Uint8Array {
  const secret = scalarOf(privateKey);
  const digest = numberOf(hash('sha256', message, 'buffer'));
  for (const k of candidates(privateKey, bytesOf(digest % ORDER))) {
    const r = numberOf(pointOf(k).subarray(1)) % ORDER;
    const s = (inverse(k) * ((digest + r * secret) % ORDER)) % ORDER;
    if (r !== 0n && s !== 0n) return Buffer.concat([bytesOf(r), bytesOf(s)]);
  }
  throw new RangeError('unreachable: the numbers k do not end');
}

/** The numbers k in their order (RFC 6979 3.2), each of which is fit but for one case in 2^32. */
function* candidates(privateKey: Uint8Array, digest: Uint8Array): Generator<bigint, void> {
  let value: Uint8Array = new Uint8Array(32).fill(1);
  let key: Uint8Array = new Uint8Array(32);
  for (const separator of [0, 1]) {
    key = hmacSha256(key, value, Uint8Array.of(separator), privateKey, digest);
    value = hmacSha256(key, value);
  }
  while (true) {
    value = hmacSha256(key, value);
    const k = numberOf(value);
    if (k > 0n && k < ORDER) yield k;
    key = hmacSha256(key, value, Uint8Array.of(0));
    value = hmacSha256(key, value);
  }
}

/** Modulo the order, by the extended algorithm of Euclid. */
function inverse(number: bigint): bigint {
  let [rest, next] = [ORDER, number];
  let [factor, nextFactor] = [0n, 1n];
  while (next !== 0n) {
    const quotient = rest / next;
    [rest, next] = [next, rest - quotient * next];
    [factor, nextFactor] = [nextFactor, factor - quotient * nextFactor];
  }
  return factor < 0n ? factor + ORDER : factor;
}

function scalarOf(privateKey: Uint8Array): bigint {
  const scalar = privateKey.length === PRIVATE_KEY_SIZE ? numberOf(privateKey) : 0n;
  if (scalar === 0n || scalar >= ORDER) throw new RangeError('this is no private key of the curve');
  return scalar;
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

function bytesOf(number: bigint): Uint8Array {
  return Buffer.from(number.toString(16).padStart(2 * COORDINATE_SIZE, '0'), 'hex');
}
