/**
 * The algorithms of docs/channel.md sections 1 and 3 on Node's cryptography: a second implementation that shares no line
 * with protocol/, so that a mistake in one shows in the other.
 */

import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHash,
  createHmac,
  createPublicKey,
  decapsulate,
  ECDH,
  encapsulate,
  generateKeyPairSync,
  type KeyObject,
  timingSafeEqual,
  verify as verifyWithNode,
} from 'node:crypto';

/** Where random bytes come from: the system, or a list that a test vector gives. */
export type RandomSource = (size: number) => Buffer;

export const join = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);
export const text = (characters: string): Buffer => Buffer.from(characters, 'latin1');

/** An unsigned number of so many bytes, little-endian. */
export function little(value: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntLE(value, 0, Math.min(size, 6));
  return bytes;
}

function big32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export const hash = (...parts: readonly Uint8Array[]): Buffer =>
  createHash('sha256')
    .update(join(...parts))
    .digest();

export const mac = (key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer =>
  createHmac('sha256', key)
    .update(join(...parts))
    .digest();

export const isSame = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === right.length && timingSafeEqual(left, right);

/** The counter mode of SP 800-108: blocks of 32 bytes, as many as there are to be. */
export function derive(
  key: Uint8Array,
  label: string,
  context: Uint8Array,
  blocks: number,
): Buffer {
  const fixed = join(text(label), Buffer.alloc(1), context, big32(blocks * 256));
  return join(...Array.from({ length: blocks }, (_, at) => mac(key, big32(at + 1), fixed)));
}

export interface Pair {
  readonly secret: Buffer;
  readonly public: Buffer;
}

const CURVE = 'prime256v1';
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const toNumber = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);
const toBytes = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');

/** The pair of a private key. */
export function pairOf(secret: Uint8Array): Pair {
  const ecdh = createECDH(CURVE);
  ecdh.setPrivateKey(secret);
  return { secret: Buffer.from(secret), public: ecdh.getPublicKey(null, 'compressed') };
}

/** The first of the random strings that is a private key, and its public key. */
export function drawPair(random: RandomSource): Pair {
  for (;;) {
    const secret = random(32);
    const value = toNumber(secret);
    if (value > 0n && value < ORDER) return pairOf(secret);
  }
}

/** Whether 33 bytes are a point; Node computes its square root and finds out. */
function isPoint(point: Uint8Array): boolean {
  if (point.length !== 33 || (point[0] !== 2 && point[0] !== 3)) return false;
  try {
    ECDH.convertKey(point, CURVE, undefined, undefined, 'uncompressed');
    return true;
  } catch {
    return false; // Node has no other way to say so
  }
}

/** x of the product; undefined for what is no point. */
export function agree(secret: Uint8Array, point: Uint8Array): Buffer | undefined {
  if (!isPoint(point)) return undefined;
  const ecdh = createECDH(CURVE);
  ecdh.setPrivateKey(secret);
  return ecdh.computeSecret(point);
}

function inverse(value: bigint): bigint {
  let [a, b, u, v] = [value, ORDER, 1n, 0n];
  while (a !== 1n) {
    const quotient = b / a;
    [a, b, u, v] = [b - quotient * a, a, v - quotient * u, u];
  }
  return ((u % ORDER) + ORDER) % ORDER;
}

/** ECDSA with the k of RFC 6979 section 3.2, so that the same message has the same signature. */
export function sign(secret: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
  const digest = toNumber(hash(...parts)) % ORDER;
  const seed = join(secret, toBytes(digest));
  let key: Buffer = Buffer.alloc(32);
  let value: Buffer = Buffer.alloc(32, 1);
  for (const step of [0, 1]) {
    key = mac(key, value, Buffer.of(step), seed);
    value = mac(key, value);
  }
  for (;;) {
    value = mac(key, value);
    const k = toNumber(value);
    if (k > 0n && k < ORDER) {
      const r = toNumber(pairOf(value).public.subarray(1)) % ORDER;
      const s = (inverse(k) * (digest + r * toNumber(secret))) % ORDER;
      if (r !== 0n && s !== 0n) return join(toBytes(r), toBytes(s));
    }
    key = mac(key, value, Buffer.of(0));
    value = mac(key, value);
  }
}

export function verify(
  point: Uint8Array,
  signature: Uint8Array,
  ...parts: readonly Uint8Array[]
): boolean {
  if (!isPoint(point)) return false;
  const whole = ECDH.convertKey(point, CURVE, undefined, undefined, 'uncompressed') as Buffer;
  const [x, y] = [whole.subarray(1, 33), whole.subarray(33)].map((part) =>
    part.toString('base64url'),
  ) as [string, string];
  const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  return verifyWithNode('sha256', join(...parts), { key, dsaEncoding: 'ieee-p1363' }, signature);
}

/** ML-KEM-768, and where the raw key stands in what Node exports. */
const KEM_HEAD = Buffer.from('308204b2300b0609608648016503040402038204a100', 'hex');

export interface KemPair {
  readonly opens: KeyObject;
  readonly seals: Buffer;
}

export function drawKemPair(): KemPair {
  const { privateKey, publicKey } = generateKeyPairSync('ml-kem-768');
  const seals = publicKey.export({ format: 'der', type: 'spki' }).subarray(KEM_HEAD.length);
  return { opens: privateKey, seals };
}

/** A secret, and what tells it to whoever has the key that opens. */
export function encapsulateTo(seals: Uint8Array) {
  const key = createPublicKey({ key: join(KEM_HEAD, seals), format: 'der', type: 'spki' });
  return encapsulate(key);
}

export const openSecret = (opens: KeyObject, ciphertext: Uint8Array): Buffer =>
  decapsulate(opens, ciphertext);

export function seal(key: Uint8Array, nonce: Uint8Array, data: Uint8Array, plain: Uint8Array) {
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(data);
  return join(cipher.update(plain), cipher.final(), cipher.getAuthTag());
}

export function open(
  key: Uint8Array,
  nonce: Uint8Array,
  data: Uint8Array,
  sealed: Uint8Array,
): Buffer | undefined {
  const at = sealed.length - 16;
  const cipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
  cipher.setAAD(data).setAuthTag(sealed.subarray(at));
  const plain = cipher.update(sealed.subarray(0, at));
  try {
    cipher.final();
    return plain;
  } catch {
    return undefined; // Node tells a wrong tag by throwing
  }
}
